using Skerry.Domain.Quotas;
using Skerry.Domain.Replication;

namespace Skerry.Domain.Volumes;

/// <summary>What a volume will be, decided from a request and the state: a pure decision.</summary>
internal sealed record VolumeCreation(
    string ProjectId, string SiteId, VolumeType Type, string Backend, long SizeGib, string? SourceVolumeId, string? SourceSnapshotId,
    bool IsEncrypted)
{
    /// <summary>What is wrong with the request whatever the state.</summary>
    public static Refusal? Check(Actor actor, CreateVolumeRequest request) =>
        !actor.IsMember ? VolumeRules.NotAllowed(actor, "creating volumes")
        : VolumeRules.Text("name", request.Name)
            ?? VolumeRules.Text("description", request.Description)
            ?? VolumeRules.Metadata(request.Metadata)
            ?? (request.SizeGib is { } size ? VolumeRules.Size("size", size) : null)
            ?? (request.Backend is not null && !actor.IsAdmin
                ? VolumeRules.AdministratorsOnly(actor, "choose a backend") with { Field = "backend" }
                : null)
            ?? (request.SourceVolumeId is not null && request.SourceSnapshotId is not null
                ? Refusal.Invalid("snapshot_id", "A volume is made from a volume or from a snapshot.", "Give one of the two.")
                : null);

    public static Outcome<VolumeCreation> Decide(SiteContext site, StateView state, Actor actor, CreateVolumeRequest request)
    {
        if ((request.ProjectId ?? actor.ProjectId) is not { } projectId)
        {
            return Refusal.Invalid("project_id", $"The token of {actor.Name} belongs to no project.", "Ask for a token with a project's scope.");
        }

        if (!actor.MaySee(projectId))
        {
            return VolumeRules.AdministratorsOnly(actor, "create volumes in another project") with { Field = "project_id" };
        }

        var sites = new SiteDirectory(site, state);
        var reader = new VolumeReader(site, state);
        var source = Source(state, sites, reader, actor, request);
        if (source.IsRefused)
        {
            return source.Refusal!;
        }

        var from = source.Value;
        var siteId = from?.SiteId ?? site.SelfText;
        if (request.Site is not null)
        {
            var resolved = sites.Resolve(request.Site);
            if (resolved.IsRefused)
            {
                return resolved.Refusal!;
            }

            if (from is not null && resolved.Value != from.SiteId && from.Elsewhere.TryGetValue(resolved.Value, out var held))
            {
                @from = @from with { SiteId = resolved.Value, Backend = held };
            }

            if (from is not null && resolved.Value != from.SiteId)
            {
                return Refusal.Invalid(
                    "availability_zone",
                    $"What the volume is to be made from is at site {sites.NameOf(from.SiteId)}, not at {sites.NameOf(resolved.Value)}.",
                    "Make it there and replicate it.");
            }

            siteId = resolved.Value;
        }

        var type = request.Type is not null ? VolumeTypes.Find(state, request.Type)
            : from is not null ? VolumeTypes.Find(state, from.TypeId)
            : VolumeTypes.Default(state);
        if (type is null)
        {
            return VolumeTypes.Unknown(state, request.Type ?? VolumeTypes.DefaultName);
        }

        if ((request.SizeGib ?? from?.SizeGib) is not { } sizeGib)
        {
            return Refusal.Invalid("size", "The volume needs a size.", "Give a whole number of GiB.");
        }

        if (from is not null && sizeGib < from.SizeGib)
        {
            return Refusal.Invalid(
                "size", $"{sizeGib} GiB is smaller than what the volume is to be made from.", $"Give at least {from.SizeGib} GiB.");
        }

        if (from is not null && request.Encrypted is { } wanted && wanted != from.IsEncrypted)
        {
            return Refusal.Invalid(
                "encrypted",
                $"What the volume is to be made from is {(from.IsEncrypted ? "encrypted" : "not encrypted")}, and a copy shares its blocks.",
                "Leave encrypted out; or make an empty volume and copy the data into it.");
        }

        var isEncrypted = from?.IsEncrypted ?? request.Encrypted ?? type.Encryption is not null;
        var backend = VolumePlacement.Choose(
            BackendReport.Of(state, siteId), sites.NameOf(siteId), type, request.Backend ?? from?.Backend, sizeGib, isEncrypted, actor.IsAdmin);
        if (backend.IsRefused)
        {
            return backend.Refusal!;
        }

        if (QuotaService.Check(site, state, projectId, QuotaAmounts.AVolume(sizeGib)) is { } over)
        {
            return over;
        }

        return new VolumeCreation(
            projectId, siteId, type, backend.Value, sizeGib, from?.VolumeId, request.SourceSnapshotId, isEncrypted);
    }

    private static Outcome<Origin?> Source(StateView state, SiteDirectory names, VolumeReader reader, Actor actor, CreateVolumeRequest request)
    {
        if (request.SourceSnapshotId is { } snapshotId)
        {
            if (reader.FindSnapshot(snapshotId) is not { } snapshot || !actor.MaySee(snapshot.ProjectId))
            {
                return Refusal.NotFound("snapshot", snapshotId) with { Field = "snapshot_id" };
            }

            if (snapshot.Status != VolumeStatus.Available)
            {
                return Refusal.State($"Snapshot {snapshotId} is {snapshot.Status}.", "Wait until it is available.") with { Field = "snapshot_id" };
            }

            var volume = reader.FindVolume(snapshot.VolumeId);

            // A snapshot may lie at a site that is not its volume's owner any more; there the volume's backend says nothing.
            var backend = volume?.SiteId == snapshot.SiteId ? volume.Backend : null;
            return new Origin(snapshot.VolumeId, snapshot.SiteId, volume?.TypeId ?? "", backend, snapshot.SizeGib, volume?.IsEncrypted ?? false)
            {
                // It is the very same state wherever it is, and can be read there.
                Elsewhere = snapshot.Places.Where(p => CiphertextOnly.Check(state, snapshot.VolumeId, p.SiteId, names) is null).ToDictionary(
                    p => p.SiteId,
                    p => Relation.OfVolume(state, snapshot.VolumeId).Select(r => r.BackendAt(p.SiteId)).FirstOrDefault(b => b is not null)),
            };
        }

        if (request.SourceVolumeId is { } volumeId)
        {
            if (reader.FindVolume(volumeId) is not { } volume || !actor.MaySee(volume.ProjectId))
            {
                return Refusal.NotFound("volume", volumeId) with { Field = "source_volid" };
            }

            if (volume.Status is not (VolumeStatus.Available or VolumeStatus.InUse))
            {
                return Refusal.State($"Volume {volumeId} is {volume.Status}.", "Wait until it is available.") with { Field = "source_volid" };
            }

            return new Origin(volumeId, volume.SiteId, volume.TypeId, volume.Backend, volume.SizeGib, volume.IsEncrypted);
        }

        return default(Outcome<Origin?>);
    }

    private sealed record Origin(string VolumeId, string SiteId, string TypeId, string? Backend, long SizeGib, bool IsEncrypted)
    {
        /// <summary>The backends that hold it too, by site.</summary>
        public IReadOnlyDictionary<string, string?> Elsewhere { get; init; } = new Dictionary<string, string?>();
    }
}
