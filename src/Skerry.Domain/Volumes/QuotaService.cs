using Skerry.Domain.Operations;
using Skerry.Domain.Replication;
using Skerry.State.Merging;

namespace Skerry.Domain.Volumes;

/// <summary>What projects may have: 10 volumes, 1000 GiB and 10 snapshots unless an administrator says otherwise.</summary>
public sealed class QuotaService(SiteContext site)
{
    private const long DefaultVolumes = 10;
    private const long DefaultGigabytes = 1000;
    private const long DefaultSnapshots = 10;

    public Outcome<ProjectQuota> Show(Actor actor, string projectId) =>
        actor.MaySee(projectId) ? Read(StateView.Of(site.Replica), projectId) : Refusal.NotFound("project", projectId);

    /// <summary>The limits of a project that nobody has set any for.</summary>
    public ProjectQuota Defaults(string projectId) => new(
        projectId, new QuotaUse(DefaultVolumes, 0), new QuotaUse(DefaultGigabytes, 0), new QuotaUse(DefaultSnapshots, 0));

    public async ValueTask<Outcome<ProjectQuota>> SetAsync(
        Actor actor, string projectId, QuotaChange change, CancellationToken cancellationToken)
    {
        var refusal = Check(actor)
            ?? Check("volumes", change.Volumes)
            ?? Check("gigabytes", change.Gigabytes)
            ?? Check("snapshots", change.Snapshots);
        if (refusal is not null)
        {
            return refusal;
        }

        return await site.DecideAsync<Outcome<ProjectQuota>>(
            actor,
            transaction =>
            {
                transaction.Revive(new EntityKey(EntityKinds.Quota, projectId));
                Set("volumes", change.Volumes);
                Set("gigabytes", change.Gigabytes);
                Set("snapshots", change.Snapshots);
                return Read(StateView.Of(transaction), projectId);

                void Set(string field, long? limit)
                {
                    if (limit is { } value)
                    {
                        transaction.Set(new EntityKey(EntityKinds.Quota, projectId), field, FieldValue.From(value));
                    }
                }
            },
            cancellationToken);
    }

    /// <summary>Back to the defaults.</summary>
    public async ValueTask<Outcome<Unit>> ResetAsync(Actor actor, string projectId, CancellationToken cancellationToken)
    {
        if (Check(actor) is { } refusal)
        {
            return refusal;
        }

        return await site.DecideAsync<Outcome<Unit>>(
            actor,
            transaction =>
            {
                if (StateView.Of(transaction).Find(EntityKinds.Quota, projectId) is { } entity)
                {
                    transaction.Delete(entity.Key);
                }

                return default(Unit);
            },
            cancellationToken);
    }

    internal static ProjectQuota Read(StateView state, string projectId)
    {
        var limits = state.Find(EntityKinds.Quota, projectId);
        var volumes = state.List(EntityKinds.Volume).Where(v => v.Text("project_id") == projectId && v.Text(VolumeEntity.DrillOf) is null).ToList();
        var snapshots = state.List(EntityKinds.Snapshot).Count(s => s.Text("project_id") == projectId && !RunSnapshot.IsOne(s));

        // What an unfinished extension will take is taken already, so that two of them do not both fit.
        var sizes = volumes.ToDictionary(v => v.Key, v => v.Integer(VolumeEntity.SizeGib) ?? 0);
        foreach (var operation in OperationEntity.Unfinished(state).Where(o => o.Kind == VolumeOperations.Extend))
        {
            if (sizes.TryGetValue(operation.Entity, out var size)
                && operation.Parameters.Deserialize(DomainJson.Default.SizeParameters) is { } wanted)
            {
                sizes[operation.Entity] = Math.Max(size, wanted.SizeGib);
            }
        }

        return new ProjectQuota(
            projectId,
            new QuotaUse(limits?.Integer("volumes") ?? DefaultVolumes, volumes.Count),
            new QuotaUse(limits?.Integer("gigabytes") ?? DefaultGigabytes, sizes.Values.Sum()),
            new QuotaUse(limits?.Integer("snapshots") ?? DefaultSnapshots, snapshots));
    }

    /// <summary>The refusal when a quota does not allow that much more; null when it does.</summary>
    internal static Refusal? Exceeded(string quota, QuotaUse use, long requested) => use.Allows(requested)
        ? null
        : new Refusal(
            RefusalKind.Quota,
            $"The quota {quota} does not allow it: requested {requested}, in use {use.Used}, limit {use.Limit}.",
            "Delete what is not needed, or ask an administrator for a higher limit.",
            quota);

    private static Refusal? Check(Actor actor) =>
        actor.IsAdmin ? null : VolumeRules.AdministratorsOnly(actor, "set quotas");

    private static Refusal? Check(string field, long? limit) => limit is null or >= QuotaUse.Unlimited
        ? null
        : Refusal.Invalid(field, $"{limit} is no limit.", "Give a number from 0, or -1 for none.");
}
