using System.Runtime.ExceptionServices;
using System.Threading.Channels;
using Skerry.Movers.Native.Wire;

namespace Skerry.Movers.Native;

/// <summary>
/// Receives a few frames ahead of the one that is handled, so that the next ones are decrypted while a disk is written. All that
/// arrived before a link broke is given before its end is told.
/// </summary>
internal sealed class IncomingFrames(FrameChannel channel)
{
    private const int FramesAhead = 2;

    private readonly Channel<OwnedFrame> _frames = Channel.CreateBounded<OwnedFrame>(
        new BoundedChannelOptions(FramesAhead) { SingleReader = true, SingleWriter = true });

    /// <summary>Receives until the link ends, or is ended; never throws.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            while (await channel.ReceiveAsync(cancellationToken) is { } frame)
            {
                var owned = channel.Detach(frame);
                try
                {
                    await _frames.Writer.WriteAsync(owned, cancellationToken);
                }
                catch
                {
                    owned.Dispose();
                    throw;
                }
            }

            _frames.Writer.TryComplete();
        }
        catch (Exception e)
        {
            _frames.Writer.TryComplete(e);
        }
    }

    /// <summary>The next frame, which the caller disposes; null at an orderly end. What ended the link otherwise is thrown.</summary>
    public async ValueTask<OwnedFrame?> NextAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await _frames.Reader.ReadAsync(cancellationToken);
        }
        catch (ChannelClosedException e)
        {
            if (e.InnerException is { } cause)
            {
                ExceptionDispatchInfo.Throw(cause);
            }

            return null;
        }
    }

    /// <summary>Takes what still comes, for nothing, until the link ends, or for so long at most; never throws.</summary>
    public async ValueTask DiscardAsync(TimeSpan atMost, TimeProvider time)
    {
        using var patience = new CancellationTokenSource(atMost, time);
        try
        {
            while (await NextAsync(patience.Token) is { } owned)
            {
                owned.Dispose();
            }
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            // How the link ends is of no interest any more.
        }
    }

    /// <summary>Gives back what nobody took; after <see cref="RunAsync"/> has returned.</summary>
    public void Clear()
    {
        while (_frames.Reader.TryRead(out var left))
        {
            left.Dispose();
        }
    }
}
