using Skerry.Domain.Identity;
using Skerry.Domain.Operations;
using Skerry.Domain.References;
using Skerry.Domain.Replication;
using Skerry.State.Merging;

namespace Skerry.Domain.Volumes;

/// <summary>
/// Makes views of volumes and snapshots from the state of one moment: an operation ends together with what it did. What the owner has said is stored; what is asked of it and not yet done
/// shows in the status too, so that a volume whose site is cut off says what waits for it.
/// </summary>
internal sealed class VolumeReader
{
    private readonly StateView _state;
    private readonly SiteDirectory _sites;
    private readonly Lazy<ILookup<EntityKey, Operation>> _unfinished;
    private readonly Lazy<ILookup<string, Attachment>> _attachments;
    private readonly Lazy<HashSet<(string Volume, string Site)>> _writers;
    private readonly Lazy<ILookup<string, Entity>> _replications;

    /// <param name="site">This site.</param>
    /// <param name="state">What to read.</param>
    /// <param name="beside">An operation to look past: its handler asks how things stand apart from it.</param>
    public VolumeReader(SiteContext site, StateView state, string? beside = null)
    {
        state = state.AtOneMoment();
        _state = state;
        _sites = new SiteDirectory(site, state);
        _unfinished = new(() => OperationEntity.Unfinished(state).Where(o => o.Id != beside).ToLookup(o => o.Entity));
        _attachments = new(() => state.List(EntityKinds.Attachment).Select(ReadAttachment).ToLookup(a => a.VolumeId));
        _writers = new(() => state.List(EntityKinds.Connection)
            .Where(c => !c.Flag("read_only") && c.Text("snapshot_id") is null)
            .Select(c => (c.Text("volume_id", ""), c.Text("site", "")))
            .ToHashSet());
        _replications = new(() => state.List(EntityKinds.Replication).ToLookup(r => r.Text("volume_id", "")));
    }

    /// <summary>Without those that drills made, which are found by their id alone.</summary>
    public IEnumerable<Volume> Volumes => _state.List(EntityKinds.Volume).Where(v => v.Text(VolumeEntity.DrillOf) is null).Select(Read);

    public IEnumerable<Snapshot> Snapshots => _state.List(EntityKinds.Snapshot).Select(ReadSnapshot);

    public Volume? FindVolume(string id) => _state.Find(EntityKinds.Volume, id) is { } entity ? Read(entity) : null;

    /// <summary>
    /// Those that were deleted while something was made of them elsewhere: they stay in deleting, and say why, until that is deleted too.
    /// </summary>
    public IEnumerable<Volume> Kept =>
        from parentId in Reference.Keeping(EntityKinds.Volume)
            .SelectMany(r => _state.List(r.Child).Where(Reference.IsKeeper).Select(r.ParentOf))
            .OfType<string>().Distinct()
        let entity = _state.FindKept(EntityKinds.Volume, parentId)
        where entity is { IsDeleted: true } && entity.Text("project_id") is not null
        let child = Children.Keeping(_state, entity.Key).First()
        select Read(entity) with
        {
            Status = VolumeStatus.Deleting,
            ErrorReason = $"Its data is deleted. {Children.Words(child.Key.Kind, 1)} {child.Id} was made of it by somebody who did not know; delete that too.",
        };

    private string TypeName(string typeId) => _state.FindKept(EntityKinds.VolumeType, typeId) is not { } type ? typeId
        : type.IsDeleted ? type.Text("name", typeId)
        : UniqueNames.Of(type, _state.List(EntityKinds.VolumeType));

    public Snapshot? FindSnapshot(string id) => _state.Find(EntityKinds.Snapshot, id) is { } entity ? ReadSnapshot(entity) : null;

    public IEnumerable<Snapshot> SnapshotsOf(string volumeId) =>
        _state.List(EntityKinds.Snapshot).Where(s => s.Text("volume_id") == volumeId).Select(ReadSnapshot);

    /// <summary>Unfinished operations on the entity.</summary>
    public IEnumerable<Operation> Unfinished(EntityKey key) => _unfinished.Value[key];

    public Volume Read(Entity entity)
    {
        var id = entity.Key.Id;
        var generations = Generations.Of(_state, id);
        var siteId = Generations.Owner(generations) ?? entity.Text("site", "");
        var typeId = entity.Text("type", "");
        var attachments = _attachments.Value[id].ToList();
        var isUsed = attachments.Count > 0 || _writers.Value.Contains((id, siteId));
        var (status, reason, operationId) = Status(entity, "volume", siteId, isUsed);
        return new Volume(
            id,
            entity.Text("name", ""),
            entity.Text("description", ""),
            entity.Integer(VolumeEntity.SizeGib) ?? 0,
            entity.Text("project_id", ""),
            entity.Text("user_id"),
            typeId,
            TypeName(typeId),
            siteId,
            _sites.NameOf(siteId),
            entity.Text(VolumeEntity.Backend),
            status,
            reason,
            VolumeEntity.ReadMetadata(entity),
            entity.Flag("is_bootable"),
            entity.Text("source_volume_id"),
            entity.Text("source_snapshot_id"),
            entity.Integer(VolumeEntity.AllocatedBytes),
            entity.Instant("created_at") ?? entity.CreatedStamp.Time,
            VolumeEntity.ChangedAt(entity, "name", "description", "metadata", "is_bootable", VolumeEntity.SizeGib, VolumeEntity.Status),
            PrimaryView.Of(generations),
            ReplicationStatus(id),
            attachments,
            operationId,
            entity.Flag(VolumeEntity.Encrypted));
    }

    private Snapshot ReadSnapshot(Entity entity)
    {
        var places = SnapshotCopy.SitesOf(_state, entity.Key.Id);
        var siteId = ActingSite(entity, places);
        var (status, reason, operationId) = Status(entity, "snapshot", siteId, isUsed: false);
        return new Snapshot(
            entity.Key.Id,
            entity.Text("volume_id", ""),
            entity.Text("name", ""),
            entity.Text("description", ""),
            entity.Integer(VolumeEntity.SizeGib) ?? 0,
            entity.Text("project_id", ""),
            entity.Text("user_id"),
            siteId,
            _sites.NameOf(siteId),
            status,
            reason,
            VolumeEntity.ReadMetadata(entity),
            entity.Text("position"),
            entity.Instant("created_at") ?? entity.CreatedStamp.Time,
            VolumeEntity.ChangedAt(entity, "name", "description", "metadata", VolumeEntity.Status),
            operationId)
        {
            Places = [.. places.Select(p => new SnapshotPlace(p, _sites.NameOf(p)))],
            ReleasedAt = RunSnapshot.ReleasedAt(entity),
            IsOfRun = RunSnapshot.IsOne(entity),
        };
    }

    /// <summary>The volume's primary if it has the snapshot; else where it was taken, if it is still there; else any site that has it.</summary>
    private string ActingSite(Entity entity, IReadOnlyList<string> places)
    {
        var taken = entity.Text("site", "");
        if (places.Count == 0 || (places.Count == 1 && places[0] == taken))
        {
            return taken;
        }

        var owner = Generations.Owner(Generations.Of(_state, entity.Text("volume_id", "")));
        return owner is not null && places.Contains(owner) ? owner : places.Contains(taken) ? taken : places[0];
    }

    private (string Status, string? Reason, string? OperationId) Status(Entity entity, string prefix, string siteId, bool isUsed)
    {
        var stored = entity.Text(VolumeEntity.Status);
        var reason = entity.Text(VolumeEntity.ErrorReason);

        // What still waits for a site that is not the owner any more holds up nothing: it will fail there.
        var unfinished = _unfinished.Value[entity.Key].Where(o => o.TargetSite == siteId).ToList();
        if (Of("delete") is { } delete)
        {
            return (VolumeStatus.Deleting, OperationGates.ReasonToWait(_state, delete), delete.Id);
        }

        if (stored is null)
        {
            return Of("create") is { } create
                ? (VolumeStatus.Creating, null, create.Id)
                : (VolumeStatus.Error, reason ?? NeverMade(entity, prefix), null);
        }

        if (Of("extend") is { } extend)
        {
            return (VolumeStatus.Extending, null, extend.Id);
        }

        if (Of("revert") is { } revert)
        {
            return (VolumeStatus.Reverting, null, revert.Id);
        }

        return (stored == VolumeStatus.Available && isUsed ? VolumeStatus.InUse : stored, reason, null);

        Operation? Of(string verb) => unfinished.Find(o => o.Kind == $"{prefix}.{verb}");
    }

    private string NeverMade(Entity entity, string prefix)
    {
        var create = _state.List(EntityKinds.Operation)
            .Where(o => o.Text("entity") == entity.Key.ToString() && o.Text("kind") == $"{prefix}.create")
            .Select(OperationEntity.Read)
            .FirstOrDefault();
        return create?.Reason ?? "It was never made. Delete it and ask again.";
    }

    private string? ReplicationStatus(string volumeId)
    {
        var statuses = _replications.Value[volumeId].ToList();
        return statuses.Count == 0 ? null
            : statuses.Any(r => r.Json("source_status", ReplicationJson.Default.SourceStatus)?.State == ReplicationWords.Error) ? "error"
            : "enabled";
    }

    public static Attachment ReadAttachment(Entity entity) => new(
        entity.Key.Id,
        entity.Text("volume_id", ""),
        entity.Text("instance_id"),
        entity.Text("host_name"),
        entity.Text("mount_point"),
        entity.Flag("read_only"),
        entity.Instant("attached_at") ?? entity.CreatedStamp.Time);
}
