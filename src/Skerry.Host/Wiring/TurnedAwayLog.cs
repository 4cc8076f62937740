using System.Net;
using Skerry.Blocks.Nbd;

namespace Skerry.Host.Wiring;

/// <summary>
/// Says which clients of the NBD server were turned away, and why. Anybody who reaches the address can cause it, so at most so many are
/// told in a while; the rest are counted, and the count comes with the next.
/// </summary>
internal sealed class TurnedAwayLog(ILogger logger, TimeProvider time)
{
    private const int Most = 20;
    private static readonly TimeSpan While = TimeSpan.FromSeconds(30);

    private readonly Lock _lock = new();
    private DateTimeOffset _since;
    private int _told;
    private int _untold;

    public void Tell(NbdTurnedAway client)
    {
        int before;
        lock (_lock)
        {
            var now = time.GetUtcNow();
            if (now - _since >= While)
            {
                (_since, _told) = (now, 0);
            }

            if (_told >= Most)
            {
                _untold++;
                return;
            }

            _told++;
            (before, _untold) = (_untold, 0);
        }

        Log.NbdTurnedAway(
            logger,
            client.Remote is IPEndPoint remote ? remote.ToString() : "on the UNIX socket",
            client.Label is { } label ? $" from {label}" : "",
            client.Reason,
            before == 0 ? "" : $" {before} more before it were turned away and are not told one by one.");
    }
}
