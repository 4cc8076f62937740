using System.Buffers.Text;
using Skerry.State;
using Skerry.State.Merging;

namespace Skerry.Domain.Volumes;

/// <summary>
/// Lets clients open volumes over NBD, at the site that holds the blocks; another site refuses and says where to ask.
/// </summary>
public sealed class ConnectionService(SiteContext site, ExportRegistry exports, INbdAddress address)
{
    private const int SecretBytes = 32;

    /// <summary>
    /// Makes a connection of its own for each call. The secret in the answer is told once and kept nowhere; the volume is in use
    /// while a connection that may write exists.
    /// </summary>
    public async ValueTask<Outcome<ConnectionGrant>> ConnectAsync(
        Actor actor, ConnectRequest request, CancellationToken cancellationToken)
    {
        if ((VolumeRules.Text("host", request.HostNote) ?? CheckClient(request.ClientName)) is { } refusal)
        {
            return refusal;
        }

        var id = site.Ids.NewUuid();
        var exportName = NewExportName();
        var decided = await site.DecideAsync<Outcome<Connection>>(
            actor,
            transaction =>
            {
                if (Check(StateView.Of(transaction), actor, request) is { } reason)
                {
                    return reason;
                }

                var connection = new Connection(
                    id,
                    request.VolumeId,
                    request.SnapshotId,
                    site.SelfText,
                    request.ReadOnly || request.SnapshotId is not null,
                    request.HostNote,
                    site.Now)
                {
                    ClientName = request.ClientName,
                };
                Write(transaction, connection, ExportRegistry.Hash(exportName));
                return connection;
            },
            cancellationToken);
        if (decided.IsRefused)
        {
            return decided.Refusal!;
        }

        var host = address.Host.Contains(':', StringComparison.Ordinal) ? $"[{address.Host}]" : address.Host;
        return new ConnectionGrant(decided.Value, $"{address.Scheme}://{host}:{address.Port}/{exportName}", address.Host, address.Port, exportName);
    }

    /// <summary>Connections of a volume, oldest first.</summary>
    public Outcome<IReadOnlyList<Connection>> List(Actor actor, string volumeId)
    {
        var state = StateView.Of(site.Replica);
        if (Find(state, actor, volumeId) is null)
        {
            return Refusal.NotFound("volume", volumeId);
        }

        List<Connection> found =
            [.. Of(state, volumeId).Select(Read).OrderBy(c => c.CreatedAt).ThenBy(c => c.Id, StringComparer.Ordinal)];
        return found;
    }

    /// <summary>Ends a connection: its secret opens nothing any more, and what is open is closed within a second.</summary>
    /// <param name="actor">Who asks.</param>
    /// <param name="volumeId">The volume.</param>
    /// <param name="connectionId">One connection; null ends all of the volume.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>How many were ended.</returns>
    public async ValueTask<Outcome<int>> DisconnectAsync(
        Actor actor, string volumeId, string? connectionId, CancellationToken cancellationToken)
    {
        var ended = new List<EntityKey>();
        var outcome = await site.DecideAsync<Outcome<int>>(
            actor,
            transaction =>
            {
                ended.Clear();
                var state = StateView.Of(transaction);
                if (Find(state, actor, volumeId) is null)
                {
                    return Refusal.NotFound("volume", volumeId);
                }

                if (!actor.IsMember)
                {
                    return VolumeRules.NotAllowed(actor, "ending connections");
                }

                ended.AddRange(Of(state, volumeId).Select(c => c.Key).Where(k => connectionId is null || k.Id == connectionId));
                if (connectionId is not null && ended.Count == 0)
                {
                    return Refusal.NotFound("connection", connectionId);
                }

                ended.ForEach(transaction.Delete);
                return ended.Count;
            },
            cancellationToken);
        if (!outcome.IsRefused)
        {
            ended.ForEach(key => exports.RevokeConnection(key.Id));
        }

        return outcome;
    }

    internal static IEnumerable<Entity> Of(StateView state, string volumeId) =>
        state.List(EntityKinds.Connection).Where(c => c.Text("volume_id") == volumeId);

    private string NewExportName()
    {
        Span<byte> secret = stackalloc byte[SecretBytes];
        site.Ids.FillSecret(secret);
        return Base64Url.EncodeToString(secret);
    }

    private Refusal? Check(StateView state, Actor actor, ConnectRequest request)
    {
        if (Find(state, actor, request.VolumeId) is not { } volume)
        {
            return Refusal.NotFound("volume", request.VolumeId);
        }

        if (!actor.IsMember)
        {
            return VolumeRules.NotAllowed(actor, "connecting volumes");
        }

        if (request.SnapshotId is { } snapshotId)
        {
            var snapshot = new VolumeReader(site, state).FindSnapshot(snapshotId);
            return snapshot is null || snapshot.VolumeId != volume.Id ? Refusal.NotFound("snapshot", snapshotId)
                : snapshot.SiteId != site.SelfText && snapshot.Places.All(p => p.SiteId != site.SelfText) ? Elsewhere(state, actor, $"Snapshot {snapshotId}", snapshot.SiteId)
                : snapshot.Status != VolumeStatus.Available ? Refusal.State($"Snapshot {snapshotId} is {snapshot.Status}.", "Wait until it is available.")
                : null;
        }

        if (volume.SiteId != site.SelfText)
        {
            return Elsewhere(state, actor, $"Volume {volume.Id}", volume.SiteId);
        }

        if (volume.Status is not (VolumeStatus.Available or VolumeStatus.InUse or VolumeStatus.Attaching or VolumeStatus.Extending))
        {
            return Refusal.State($"Volume {volume.Id} is {volume.Status}.", "It can be connected while it is available or in-use.");
        }

        var permission = WritePermission.Of(state, site.SelfText, volume.Id);
        return permission.IsAllowed ? null
            : actor.IsAdmin ? Refusal.State($"Volume {volume.Id} is fenced: {permission.Reason}")
            : Refusal.State($"Volume {volume.Id} takes no connections now.", "Try again later, or ask an administrator.");
    }

    private Refusal Elsewhere(StateView state, Actor actor, string what, string siteId)
    {
        var name = new SiteDirectory(site, state).NameOf(siteId);
        var url = actor.IsAdmin ? state.Find(EntityKinds.Site, siteId)?.Text("api_url") : null;
        return Refusal.State($"{what} is at site {name}, which serves its blocks.", $"Ask site {name}{(url is null ? "" : $" at {url}")}.");
    }

    private Volume? Find(StateView state, Actor actor, string volumeId) =>
        new VolumeReader(site, state).FindVolume(volumeId) is { } volume && actor.MaySee(volume.ProjectId) ? volume : null;

    private Refusal? CheckClient(string? name) => name is null ? null
        : name.Length is 0 or > 64 ? Refusal.Invalid("client_name", $"'{name}' is no common name of a certificate.", "Give 1 to 64 characters.")
        : address.KnowsClients ? null
        : Refusal.Invalid("client_name", "This site asks its NBD clients for no certificates.", "Set nbd_tls_client_ca or nbd_tls_client_pins, or leave client_name out.");

    private static void Write(ITransaction transaction, Connection connection, string secretHash)
    {
        var key = new EntityKey(EntityKinds.Connection, connection.Id);
        transaction.Set(key, "volume_id", connection.VolumeId);
        transaction.Set(key, "site", connection.SiteId);
        transaction.Set(key, "secret_hash", secretHash);
        transaction.Set(key, "read_only", FieldValue.From(connection.ReadOnly));
        transaction.Set(key, "created_at", connection.CreatedAt);
        if (connection.SnapshotId is not null)
        {
            transaction.Set(key, "snapshot_id", connection.SnapshotId);
        }

        if (connection.HostNote is not null)
        {
            transaction.Set(key, "host_note", connection.HostNote);
        }

        if (connection.ClientName is not null)
        {
            transaction.Set(key, ExportRegistry.ClientNameField, connection.ClientName);
        }
    }

    private static Connection Read(Entity entity) => new(
        entity.Key.Id,
        entity.Text("volume_id", ""),
        entity.Text("snapshot_id"),
        entity.Text("site", ""),
        entity.Flag("read_only"),
        entity.Text("host_note"),
        entity.Instant("created_at") ?? entity.CreatedStamp.Time)
    {
        ClientName = entity.Text(ExportRegistry.ClientNameField),
    };
}

/// <summary>Where this site's NBD server can be reached; known once it listens.</summary>
public interface INbdAddress
{
    /// <summary>The host as clients should dial it.</summary>
    string Host { get; }

    int Port { get; }

    /// <summary>How URIs begin: <c>nbd</c>, or <c>nbds</c> where clients are to use TLS.</summary>
    string Scheme => "nbd";

    /// <summary>True when clients are asked for certificates, so that a connection can be for one of them.</summary>
    bool KnowsClients => false;
}
