using System.Net.Sockets;

namespace Skerry.Sync.Transport.WebSockets;

/// <summary>
/// What a connection writes goes out in few large sends. TLS makes a record of each 16 KiB and hands each down by itself: as many
/// system calls here, and wake-ups at the other end.
/// </summary>
/// <remarks>
/// One wire below the TLS gathers, from the end of the handshake on; one stream above it sends what was gathered after each write, so
/// nothing waits for a later one. Writes come one at a time, as they do for any stream.
/// </remarks>
internal sealed class GatheredSends
{
    /// <summary>Still in the processor's cache when it is sent.</summary>
    private const int MostBytes = 128 << 10;

    private readonly Wire _wire;

    public GatheredSends(Socket socket) => _wire = new Wire(new NetworkStream(socket, ownsSocket: true));

    /// <summary>What TLS is to work on.</summary>
    public Stream Below => _wire;

    /// <summary>What is to be used in place of the stream that TLS made, which shook hands already.</summary>
    public Stream Above(Stream tls)
    {
        _wire.Gathers = true;
        return new Sending(tls, _wire);
    }

    /// <summary>Passes on to another stream; what is asked of neither is not there.</summary>
    private abstract class Passing(Stream inner) : Stream
    {
        protected Stream Inner => inner;

        public override bool CanRead => true;

        public override bool CanWrite => true;

        public override bool CanSeek => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            inner.ReadAsync(buffer, cancellationToken);

        public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
            inner.ReadAsync(buffer, offset, count, cancellationToken);

        public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
            WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override async ValueTask DisposeAsync()
        {
            await inner.DisposeAsync();
            await base.DisposeAsync();
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                inner.Dispose();
            }

            base.Dispose(disposing);
        }
    }

    private sealed class Wire(Stream socket) : Passing(socket)
    {
        private byte[] _gathered = [];
        private int _length;

        public bool Gathers { get; set; }

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (!Gathers)
            {
                return Inner.WriteAsync(buffer, cancellationToken);
            }

            if (_gathered.Length - _length < buffer.Length)
            {
                return SendBeforeAsync(buffer, cancellationToken);
            }

            Add(buffer);
            return ValueTask.CompletedTask;
        }

        public override async Task FlushAsync(CancellationToken cancellationToken)
        {
            if (_length > 0)
            {
                var length = _length;
                _length = 0;
                await Inner.WriteAsync(_gathered.AsMemory(0, length), cancellationToken);
            }
        }

        private async ValueTask SendBeforeAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken)
        {
            if (_gathered.Length == MostBytes)
            {
                await FlushAsync(cancellationToken);
            }

            // It begins small: most links carry little.
            var wanted = Math.Min(MostBytes, Math.Max(_gathered.Length * 2, _length + buffer.Length));
            if (_gathered.Length < wanted)
            {
                Array.Resize(ref _gathered, wanted);
            }

            if (_gathered.Length - _length >= buffer.Length)
            {
                Add(buffer);
                return;
            }

            await FlushAsync(cancellationToken);
            await Inner.WriteAsync(buffer, cancellationToken);
        }

        private void Add(ReadOnlyMemory<byte> buffer)
        {
            buffer.CopyTo(_gathered.AsMemory(_length));
            _length += buffer.Length;
        }
    }

    private sealed class Sending(Stream tls, Wire wire) : Passing(tls)
    {
        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            await Inner.WriteAsync(buffer, cancellationToken);
            await wire.FlushAsync(cancellationToken);
        }

        public override async Task FlushAsync(CancellationToken cancellationToken)
        {
            await Inner.FlushAsync(cancellationToken);
            await wire.FlushAsync(cancellationToken);
        }
    }
}
