using Skerry.Domain.Operations;
using Skerry.Domain.Quotas;
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

    /// <summary>Each limit with its overrun and, where it is hard, the shares of sites; the site that shares out.</summary>
    public Outcome<(ProjectQuota Quota, string? Home, IReadOnlyList<QuotaStanding> Standings)> Standings(Actor actor, string projectId)
    {
        if (!actor.MaySee(projectId))
        {
            return Refusal.NotFound("project", projectId);
        }

        var state = StateView.Of(site.Replica);
        var names = new SiteDirectory(site, state);
        var quota = Read(state, projectId);
        var standings = new List<QuotaStanding>();
        foreach (var (resource, use) in new[]
        {
            (QuotaResource.Volumes, quota.Volumes), (QuotaResource.Gigabytes, quota.Gigabytes), (QuotaResource.Snapshots, quota.Snapshots),
        })
        {
            var shares = quota.IsHard && use.Limit != QuotaUse.Unlimited && actor.IsAdmin ? ShareLedger.Read(state, projectId, resource, use.Limit).Shares : [];
            standings.Add(new QuotaStanding(
                resource,
                use,
                [.. shares.Select(s => new QuotaShareView(names.NameOf(s.Site), s.Share, s.Used)).OrderBy(s => s.Site, StringComparer.Ordinal)]));
        }

        var home = quota.IsHard && actor.IsAdmin && ShareLedger.HomeOf(state, projectId) is { } id ? names.NameOf(id) : null;
        return (quota, home, standings);
    }

    /// <summary>The limits of a project that nobody has set any for.</summary>
    public ProjectQuota Defaults(string projectId) => new(
        projectId, new QuotaUse(DefaultVolumes, 0), new QuotaUse(DefaultGigabytes, 0), new QuotaUse(DefaultSnapshots, 0));

    public async ValueTask<Outcome<ProjectQuota>> SetAsync(
        Actor actor, string projectId, QuotaChange change, CancellationToken cancellationToken)
    {
        var refusal = Check(actor)
            ?? Check("volumes", change.Volumes)
            ?? Check("gigabytes", change.Gigabytes)
            ?? Check("snapshots", change.Snapshots)
            ?? (change.Home is not null && change.IsHard == false
                ? Refusal.Invalid("home", "A soft quota has no home.", "Give a home with a hard one.")
                : null);
        if (refusal is not null)
        {
            return refusal;
        }

        return await site.DecideAsync<Outcome<ProjectQuota>>(
            actor,
            transaction =>
            {
                var home = "";
                if (change.Home is { } wanted && Rehome(StateView.Of(transaction), projectId, wanted, out home) is { } refused)
                {
                    return refused;
                }

                var key = new EntityKey(EntityKinds.Quota, projectId);
                transaction.Revive(key);
                if (change.IsHard is { } isHard)
                {
                    transaction.Set(key, QuotaMode.Field, isHard ? QuotaMode.Hard : QuotaMode.Soft);
                }

                if (change.Home is not null)
                {
                    transaction.Set(key, QuotaMode.HomeField, home);
                }

                Set("volumes", change.Volumes);
                Set("gigabytes", change.Gigabytes);
                Set("snapshots", change.Snapshots);
                return Read(StateView.Of(transaction), projectId);

                void Set(string field, long? limit)
                {
                    if (limit is { } value)
                    {
                        transaction.Set(key, field, FieldValue.From(value));
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

    /// <summary>-1 for none.</summary>
    internal static long LimitOf(StateView state, string projectId, string resource) =>
        state.Find(EntityKinds.Quota, projectId)?.Integer(resource) ?? resource switch
        {
            QuotaResource.Volumes => DefaultVolumes,
            QuotaResource.Gigabytes => DefaultGigabytes,
            _ => DefaultSnapshots,
        };

    /// <summary>The project's volumes that count, with their size in GiB. What an unfinished extension will take is taken already, so that two of them do not both fit.</summary>
    internal static IReadOnlyDictionary<string, long> VolumesOf(StateView state, string projectId)
    {
        var sizes = state.List(EntityKinds.Volume)
            .Where(v => v.Text("project_id") == projectId && v.Text(VolumeEntity.DrillOf) is null)
            .ToDictionary(v => v.Id, v => v.Integer(VolumeEntity.SizeGib) ?? 0, StringComparer.Ordinal);
        foreach (var operation in OperationEntity.Unfinished(state).Where(o => o.Kind == VolumeOperations.Extend))
        {
            if (sizes.TryGetValue(operation.Entity.Id, out var size)
                && operation.Parameters.Deserialize(DomainJson.Default.SizeParameters) is { } wanted)
            {
                sizes[operation.Entity.Id] = Math.Max(size, wanted.SizeGib);
            }
        }

        return sizes;
    }

    /// <summary>The project's snapshots that count.</summary>
    internal static IEnumerable<string> SnapshotsOf(StateView state, string projectId) =>
        state.List(EntityKinds.Snapshot).Where(s => s.Text("project_id") == projectId && !RunSnapshot.IsOne(s)).Select(s => s.Id);

    internal static ProjectQuota Read(StateView state, string projectId)
    {
        var volumes = VolumesOf(state, projectId);
        return new ProjectQuota(
            projectId,
            new QuotaUse(LimitOf(state, projectId, QuotaResource.Volumes), volumes.Count),
            new QuotaUse(LimitOf(state, projectId, QuotaResource.Gigabytes), volumes.Values.Sum()),
            new QuotaUse(LimitOf(state, projectId, QuotaResource.Snapshots), SnapshotsOf(state, projectId).Count()))
        {
            IsHard = QuotaMode.IsHard(state, projectId),
        };
    }

    /// <summary>The refusal when this site may not grant that much more; null when it may. A hard quota allows what this site's share does.</summary>
    internal static Refusal? Check(SiteContext site, StateView state, string projectId, QuotaAmounts more)
    {
        var quota = Read(state, projectId);
        return (more.Volumes > 0 ? Exceeded(QuotaResource.Volumes, quota.Volumes, more.Volumes) : null)
            ?? (more.Gigabytes > 0 ? Exceeded(QuotaResource.Gigabytes, quota.Gigabytes, more.Gigabytes) : null)
            ?? (more.Snapshots > 0 ? Exceeded(QuotaResource.Snapshots, quota.Snapshots, more.Snapshots) : null)
            ?? HardQuota.Check(site, state, projectId, more);
    }

    /// <summary>The refusal when a quota does not allow that much more; null when it does.</summary>
    private static Refusal? Exceeded(string quota, QuotaUse use, long requested) => use.Allows(requested)
        ? null
        : new Refusal(
            RefusalKind.Quota,
            $"The quota {quota} does not allow it: requested {requested}, in use {use.Used}, limit {use.Limit}.",
            "Delete what is not needed, or ask an administrator for a higher limit.",
            quota);

    /// <summary>
    /// Only the home itself may name another, as it mints nothing from then on; or anybody once a person made sure that it writes nothing
    /// any more. So there are never two that mint.
    /// </summary>
    private Refusal? Rehome(StateView state, string projectId, string wanted, out string home)
    {
        var names = new SiteDirectory(site, state);
        var resolved = names.Resolve(wanted);
        home = resolved.IsRefused ? "" : resolved.Value;
        if (resolved.IsRefused)
        {
            return resolved.Refusal! with { Field = "home" };
        }

        var now = ShareLedger.HomeOf(state, projectId);
        return now is null || now == home || now == site.SelfText || Sites.SiteVerdicts.IsFenced(state, now)
            ? null
            : Refusal.State(
                $"The home of this quota is site {names.NameOf(now)}, which alone can hand that on.",
                $"Ask it there; or, when it is lost, fence it first: skerry site fence {names.NameOf(now)}");
    }

    private static Refusal? Check(Actor actor) =>
        actor.IsAdmin ? null : VolumeRules.AdministratorsOnly(actor, "set quotas");

    private static Refusal? Check(string field, long? limit) => limit is null or >= QuotaUse.Unlimited
        ? null
        : Refusal.Invalid(field, $"{limit} is no limit.", "Give a number from 0, or -1 for none.");
}
