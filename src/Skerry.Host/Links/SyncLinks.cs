using System.Net.WebSockets;
using Skerry.Domain.Sites;
using Skerry.State.Clocks;
using Skerry.Sync;
using Skerry.Sync.Peers;
using Skerry.Sync.Transport;
using Skerry.Sync.Transport.WebSockets;

namespace Skerry.Host.Links;

/// <summary>What Domain asks of links, answered by Sync. The two know nothing of each other.</summary>
internal sealed class SyncLinks(SyncNode node, PeerDialer dialer, JoinDialer joinDialer)
    : ILinkStatus, ILinkControl, ISiteDialer, IJoinChannel
{
    public IReadOnlyList<LinkReport> Reports =>
    [
        .. node.Reports.Select(r => new LinkReport(
            r.Site,
            Health(r.Health),
            r.Since,
            r.LastHeardAt,
            r.RoundTrip?.TotalMilliseconds,
            r.Drift?.TotalMilliseconds,
            r.LastError,
            r.Gossips)),
    ];

    public IReadOnlyList<SiteHearsay> Hearsay =>
        [.. node.Hearsay.Select(h => new SiteHearsay(h.Site, h.Via, h.By, h.Hops, h.Age, h.IsFresh, h.IsBehind))];

    public IReadOnlyList<SiteDifference> Differences =>
        [.. node.Differences.Select(d => new SiteDifference(d.Peer, d.Since, d.Vector, [.. d.Entities.Select(e => (e.Key, e.Evidence))]))];

    public void SetPeers(IReadOnlyList<LinkTarget> targets) =>
        node.SetPeers([.. targets.Select(t => new PeerTarget(t.Site, t.Name, t.CertificatePin, t.Address, t.MaySync, t.Refusal, t.NextPin))]);

    public ValueTask<WebSocket> ConnectAsync(SiteId site, string path, CancellationToken cancellationToken) =>
        dialer.ConnectAsync(site, path, cancellationToken);

    public async ValueTask<JoinAnswer> PostAsync(
        string address, string certificatePin, string path, ReadOnlyMemory<byte> body, CancellationToken cancellationToken)
    {
        var (status, stream) = await joinDialer.PostAsync(address, certificatePin, path, body, cancellationToken);
        return new JoinAnswer(status, stream);
    }

    private static LinkHealth Health(PeerHealth health) => health switch
    {
        PeerHealth.Live => LinkHealth.Live,
        PeerHealth.CatchingUp => LinkHealth.CatchingUp,
        PeerHealth.Interrupted => LinkHealth.Interrupted,
        PeerHealth.Silent => LinkHealth.Silent,
        _ => LinkHealth.Unheard,
    };
}
