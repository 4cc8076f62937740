using System.IO.Pipelines;
using System.Net.WebSockets;

namespace Skerry.Movers.Tests.Native;

/// <summary>
/// A WebSocket connection in memory that can be cut, at once or after so many bytes. An end that hangs up takes with it what the other
/// has not read yet, as a reset TCP connection does.
/// </summary>
internal sealed class MemoryLink
{
    private readonly CancellationTokenSource _cut = new();
    private readonly TimeSpan _delay;
    private long _bytesLeft;
    private volatile bool _isStalled;

    public MemoryLink(long cutAfterBytes = long.MaxValue, TimeSpan delay = default)
    {
        (_bytesLeft, _delay) = (cutAfterBytes, delay);
        var (there, back) = (new Pipe(), new Pipe());
        Client = WebSocket.CreateFromStream(
            new Half(this, back.Reader.AsStream(), there.Writer.AsStream()), new WebSocketCreationOptions { IsServer = false });
        Server = WebSocket.CreateFromStream(
            new Half(this, there.Reader.AsStream(), back.Writer.AsStream()), new WebSocketCreationOptions { IsServer = true });
    }

    public WebSocket Client { get; }

    public WebSocket Server { get; }

    public void Cut() => _cut.Cancel();

    /// <summary>Nothing moves any more, and nobody is told.</summary>
    public void Stall() => _isStalled = true;

    private sealed class Half(MemoryLink link, Stream reading, Stream writing) : Stream
    {
        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            using var either = CancellationTokenSource.CreateLinkedTokenSource(link._cut.Token, cancellationToken);
            try
            {
                return await reading.ReadAsync(buffer, either.Token);
            }
            catch (OperationCanceledException e) when (link._cut.IsCancellationRequested)
            {
                throw new IOException("The link was cut.", e);
            }
        }

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (Interlocked.Add(ref link._bytesLeft, -buffer.Length) < 0)
            {
                link.Cut();
            }

            using var either = CancellationTokenSource.CreateLinkedTokenSource(link._cut.Token, cancellationToken);
            try
            {
                either.Token.ThrowIfCancellationRequested();
                if (link._delay > TimeSpan.Zero)
                {
                    await Task.Delay(link._delay, either.Token);
                }

                if (link._isStalled)
                {
                    await Task.Delay(Timeout.Infinite, either.Token);
                }

                await writing.WriteAsync(buffer, either.Token);
            }
            catch (OperationCanceledException e) when (link._cut.IsCancellationRequested)
            {
                throw new IOException("The link was cut.", e);
            }
        }

        public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public override void Flush()
        {
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                link.Cut();
                reading.Dispose();
                writing.Dispose();
            }

            base.Dispose(disposing);
        }
    }
}
