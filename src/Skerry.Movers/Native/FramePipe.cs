using System.Threading.Channels;
using Skerry.Blocks;
using Skerry.Domain;
using Skerry.Movers.Native.Wire;

namespace Skerry.Movers.Native;

/// <summary>
/// Sends the frames of a catch-up in their order while the next ones are read and packed, and no faster than the link's limit. Whoever
/// adds waits when a few are ahead, and learns there what went wrong with those.
/// </summary>
internal sealed class FramePipe : IAsyncDisposable
{
    private const int FramesAhead = 3;

    private readonly Channel<Item> _frames = Channel.CreateBounded<Item>(new BoundedChannelOptions(FramesAhead) { SingleReader = true, SingleWriter = true });
    private readonly CancellationTokenSource _ended;
    private readonly Task _sending;

    public FramePipe(
        FrameChannel channel, BlockVolume volume, TransferMeter meter, LinkThrottle throttle, CancellationToken cancellationToken)
    {
        _ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        _sending = Task.Run(() => SendAsync(channel, volume, meter, throttle, _ended.Token), CancellationToken.None);
    }

    /// <summary>Takes the frame over.</summary>
    /// <param name="frame">Complete.</param>
    /// <param name="movedBytes">Block content that it carries.</param>
    /// <param name="step">What is reached when it was sent, of <see cref="MoverSteps"/>.</param>
    /// <param name="cancellationToken">Ends the wait for room.</param>
    public async ValueTask AddAsync(FrameBuilder frame, long movedBytes, string step, CancellationToken cancellationToken)
    {
        try
        {
            await _frames.Writer.WriteAsync(new Item(frame, movedBytes, step), cancellationToken);
        }
        catch (ChannelClosedException)
        {
            frame.Dispose();
            await _sending;
            throw;
        }
        catch
        {
            frame.Dispose();
            throw;
        }
    }

    /// <summary>Returns when all that was added has been sent; nothing may be added any more.</summary>
    public async ValueTask DrainAsync()
    {
        _frames.Writer.TryComplete();
        await _sending;
    }

    public async ValueTask DisposeAsync()
    {
        _frames.Writer.TryComplete();
        await _ended.CancelAsync();
        await _sending.ContinueWith(static _ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        while (_frames.Reader.TryRead(out var left))
        {
            left.Frame.Dispose();
        }

        _ended.Dispose();
    }

    private async Task SendAsync(FrameChannel channel, BlockVolume volume, TransferMeter meter, LinkThrottle throttle, CancellationToken cancellationToken)
    {
        try
        {
            await foreach (var item in _frames.Reader.ReadAllAsync(cancellationToken))
            {
                using var frame = item.Frame;
                await throttle.TakeAsync(frame.LengthBytes, cancellationToken);
                await channel.SendAsync(frame, cancellationToken);
                meter.Wire(frame.LengthBytes);
                meter.Moved(item.MovedBytes);
                MoverMetrics.Moved.Add(item.MovedBytes);
                await FailPoint.ReachAsync(item.Step, volume);
            }
        }
        catch
        {
            // Who waits for room is let go, and finds the cause here.
            _frames.Writer.TryComplete();
            throw;
        }
    }

    private readonly record struct Item(FrameBuilder Frame, long MovedBytes, string Step);
}
