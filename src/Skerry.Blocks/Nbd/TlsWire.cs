using System.Net.Sockets;

namespace Skerry.Blocks.Nbd;

/// <summary>
/// The encrypted side of a <see cref="TlsChannel"/>: reads by blocking, and from the end of the handshake on gathers what is written
/// until it is told to send.
/// </summary>
internal sealed class TlsWire(Socket socket) : Stream
{
    private readonly Lock _gate = new();
    private readonly List<ArraySegment<byte>> _one = new(1);
    private byte[] _gathered = [];
    private int _from;
    private int _to;

    public bool Gathers { get; set; }

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override int Read(Span<byte> buffer) => socket.Receive(buffer);

    public override int Read(byte[] buffer, int offset, int count) => socket.Receive(buffer.AsSpan(offset, count));

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        if (Gathers)
        {
            Gather(buffer);
            return;
        }

        while (!buffer.IsEmpty)
        {
            buffer = buffer[socket.Send(buffer)..];
        }
    }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        Write(buffer.Span);
        return ValueTask.CompletedTask;
    }

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken)
    {
        Write(buffer.AsSpan(offset, count));
        return Task.CompletedTask;
    }

    public override void Flush()
    {
    }

    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    /// <summary>Sends what was gathered; false when it may not block and the client's window is full. The sending thread's.</summary>
    /// <exception cref="IOException">The client has ended.</exception>
    public bool SendGathered(bool mayBlock)
    {
        while (true)
        {
            lock (_gate)
            {
                if (_from == _to)
                {
                    _from = _to = 0;
                    return true;
                }

                _one.Clear();
                _one.Add(new(_gathered, _from, _to - _from));
            }

            // Outside the lock: it may block, and what is gathered meanwhile leaves these bytes where they are.
            long sent = SocketCalls.Send(socket.SafeHandle, _one, mayBlock);
            if (sent < 0)
            {
                throw new IOException("The client has ended.");
            }

            if (sent == 0)
            {
                return false;
            }

            lock (_gate)
            {
                _from += (int)sent;
            }
        }
    }

    private void Gather(ReadOnlySpan<byte> bytes)
    {
        lock (_gate)
        {
            if (_gathered.Length - _to < bytes.Length)
            {
                // A new array, since a send may be reading the old one; from the same offset, since it will count on from there.
                byte[] larger = GC.AllocateUninitializedArray<byte>(Math.Max(2 * _gathered.Length, _to + bytes.Length));
                _gathered.AsSpan(_from, _to - _from).CopyTo(larger.AsSpan(_from));
                _gathered = larger;
            }

            bytes.CopyTo(_gathered.AsSpan(_to));
            _to += bytes.Length;
        }
    }
}
