using System.Threading.Channels;
using Skerry.Domain.Operations;
using Skerry.State;

namespace Skerry.Domain.Recovery;

/// <summary>Ends a wait as soon as it is known here that somebody asked to abort the operation, or the daemon stops.</summary>
internal sealed class AbortWatch : IAsyncDisposable
{
    private readonly SiteContext _site;
    private readonly string _operationId;
    private readonly ChangeFeed _feed;
    private readonly CancellationTokenSource _ended;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _watching;
    private int _isAsked;

    private AbortWatch(SiteContext site, string operationId, CancellationToken cancellationToken)
    {
        (_site, _operationId) = (site, operationId);
        var key = OperationEntity.Key(operationId);
        _feed = site.Replica.Subscribe(changed => changed == key, maxKeys: 1);
        _ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        _watching = WatchAsync();
    }

    public static AbortWatch Begin(SiteContext site, string operationId, CancellationToken cancellationToken) =>
        new(site, operationId, cancellationToken);

    /// <summary>For what is to end with an abort.</summary>
    public CancellationToken Token => _ended.Token;

    public bool IsAsked => Volatile.Read(ref _isAsked) != 0;

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _watching;
        _feed.Dispose();
        _stop.Dispose();
        _ended.Dispose();
    }

    private async Task WatchAsync()
    {
        try
        {
            while (OperationEntity.Find(StateView.Of(_site.Replica), _operationId) is not { CancelRequested: true })
            {
                await _feed.ReadAsync(_stop.Token);
            }

            Volatile.Write(ref _isAsked, 1);
            await _ended.CancelAsync();
        }
        catch (Exception e) when (e is OperationCanceledException or ChannelClosedException)
        {
            // The operation went past the point of no return, or the daemon stops.
        }
    }
}
