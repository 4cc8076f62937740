using System.Net.WebSockets;
using Skerry.Blocks;

namespace Skerry.Movers.Native;

/// <summary>
/// Answers a source whose flushes wait: makes durable what was applied, and says so at once. On a task of its own, so that the writes
/// behind the ask are applied meanwhile; asks that come during a sync share the next.
/// </summary>
internal sealed class FlushAnswers(Func<CancellationToken, ValueTask> settle, Func<CancellationToken, ValueTask> acknowledge)
{
    private readonly SemaphoreSlim _asked = new(0, 1);

    public void Ask()
    {
        try
        {
            _asked.Release();
        }
        catch (SemaphoreFullException)
        {
            // The next sync, which has not begun, serves this one too.
        }
    }

    /// <param name="ended">Ends it, and is ended by its faults.</param>
    /// <param name="faulted">Told of a fault of the disk.</param>
    public async Task RunAsync(CancellationTokenSource ended, Action<BlockException> faulted)
    {
        try
        {
            while (true)
            {
                await _asked.WaitAsync(ended.Token);
                await settle(ended.Token);
                await acknowledge(ended.Token);
            }
        }
        catch (BlockException e)
        {
            faulted(e);
            await ended.CancelAsync();
        }
        catch (Exception e) when (e is OperationCanceledException or WebSocketException or IOException or ObjectDisposedException)
        {
            await ended.CancelAsync();
        }
    }
}
