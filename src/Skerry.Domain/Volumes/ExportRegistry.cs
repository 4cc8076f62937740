using System.Security.Cryptography;
using System.Text;
using Skerry.State.Merging;

namespace Skerry.Domain.Volumes;

/// <summary>
/// Decides what an export name opens, and closes what is open when it must not be any longer.
/// </summary>
/// <remarks>
/// The invariant: an open lease is either covered by a standing connection, and for writing by the permission to write, or its
/// token has fired. Opening registers first and judges after, ending takes the right away first and fires after; so whichever
/// comes second sees the other.
/// </remarks>
public sealed class ExportRegistry(SiteContext site)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<long, ExportLease> _open = [];
    private long _lastLease;

    internal const string ClientNameField = "client_name";

    /// <summary>The export that a client names; null when the name opens nothing here.</summary>
    /// <param name="exportName">A connection's secret; or its id, where the connection is for the client of that name.</param>
    /// <param name="clientName">The common name of the certificate that the client proved; null when it proved none.</param>
    public ExportLease? Open(string exportName, string? clientName = null)
    {
        if (Authorise(exportName, clientName) is not { } grant)
        {
            return null;
        }

        ExportLease lease;
        lock (_lock)
        {
            lease = new ExportLease(this, ++_lastLease, grant);
            _open.Add(lease.Number, lease);
        }

        if (Authorise(exportName, clientName) is not null)
        {
            return lease;
        }

        lease.Dispose();
        return null;
    }

    /// <summary>What the volume is to be held to now; null when there is no such volume.</summary>
    public VolumeRates? RatesOf(string volumeId) => QosSpecs.RatesOf(StateView.Of(site.Replica), volumeId);

    /// <summary>The connections at this site that are for this client, with what they open; by id.</summary>
    public IReadOnlyList<ExportGrant> For(string clientName)
    {
        var state = StateView.Of(site.Replica);
        return
        [
            .. state.List(EntityKinds.Connection)
                .Where(c => IsFor(c, clientName))
                .Select(c => Grant(state, c)).OfType<ExportGrant>(),
        ];
    }

    /// <summary>Closes what a connection has open.</summary>
    public void RevokeConnection(string connectionId) => Revoke(lease => lease.Grant.ConnectionId == connectionId);

    /// <summary>Closes whatever is open of a volume's head; its snapshots stay readable.</summary>
    public void RevokeVolume(string volumeId) =>
        Revoke(lease => lease.Grant.VolumeId == volumeId && lease.Grant.SnapshotId is null);

    /// <summary>Closes whatever is open of a snapshot.</summary>
    public void RevokeSnapshot(string snapshotId) => Revoke(lease => lease.Grant.SnapshotId == snapshotId);

    /// <summary>What is open of a volume now.</summary>
    public IReadOnlyList<ExportGrant> OpenOf(string volumeId)
    {
        lock (_lock)
        {
            return [.. _open.Values.Select(l => l.Grant).Where(g => g.VolumeId == volumeId)];
        }
    }

    internal static string Hash(string exportName) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(exportName)));

    internal void Close(long number)
    {
        lock (_lock)
        {
            _open.Remove(number);
        }
    }

    private static bool IsFor(Entity connection, string? clientName) =>
        connection.Text(ClientNameField) is { } wanted && string.Equals(wanted, clientName, StringComparison.Ordinal);

    /// <summary>Who has the secret may come in, and who has proved to be the client that it is for need not have it.</summary>
    private ExportGrant? Authorise(string exportName, string? clientName)
    {
        var hash = Hash(exportName);
        var state = StateView.Of(site.Replica);
        var entity = state.List(EntityKinds.Connection).FirstOrDefault(c =>
            c.Text("secret_hash") == hash || (c.Key.Id == exportName && IsFor(c, clientName)));
        return entity is null || (entity.Text(ClientNameField) is not null && !IsFor(entity, clientName)) ? null : Grant(state, entity);
    }

    private ExportGrant? Grant(StateView state, Entity entity)
    {
        if (entity.Text("site") != site.SelfText || entity.Text("volume_id") is not { } volumeId)
        {
            return null;
        }

        var volume = state.Find(EntityKinds.Volume, volumeId);
        var snapshotId = entity.Text("snapshot_id");
        if (volume is null)
        {
            return null;
        }

        // A copy that is not the primary's moves under a reader; only its snapshots stand still.
        if (snapshotId is null && !WritePermission.Of(state, site.SelfText, volumeId).IsAllowed)
        {
            return null;
        }

        var readOnly = snapshotId is not null || entity.Flag("read_only");
        return new ExportGrant(
            entity.Key.Id, volumeId, snapshotId, readOnly, volume.Text("name", volumeId))
        {
            SnapshotIds = state.List(EntityKinds.Snapshot).Where(s => s.Text("volume_id") == volumeId).Select(s => s.Key.Id).ToHashSet(StringComparer.Ordinal),
        };
    }

    private void Revoke(Func<ExportLease, bool> which)
    {
        List<ExportLease> found;
        lock (_lock)
        {
            found = [.. _open.Values.Where(which)];
        }

        foreach (var lease in found)
        {
            lease.Revoke();
        }
    }
}

/// <summary>What an export name opens.</summary>
public sealed record ExportGrant(
    string ConnectionId, string VolumeId, string? SnapshotId, bool ReadOnly, string Description)
{
    /// <summary>The volume's snapshots, which its users may know of; the store may hold others for its own ends.</summary>
    public IReadOnlySet<string> SnapshotIds { get; init; } = new HashSet<string>();
}

/// <summary>One opening of an export; disposed when its NBD connection ends.</summary>
public sealed class ExportLease : IDisposable
{
    private readonly ExportRegistry _registry;
    private readonly CancellationTokenSource _revoked = new();

    internal ExportLease(ExportRegistry registry, long number, ExportGrant grant)
    {
        _registry = registry;
        Number = number;
        Grant = grant;
        Revoked = _revoked.Token;
    }

    public ExportGrant Grant { get; }

    /// <summary>Fires when the NBD connection must be closed.</summary>
    public CancellationToken Revoked { get; }

    internal long Number { get; }

    public void Dispose() => _registry.Close(Number);

    internal void Revoke() => _revoked.Cancel();
}
