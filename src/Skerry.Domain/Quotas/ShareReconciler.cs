using Skerry.Domain.Operations;
using Skerry.Domain.Volumes;
using Skerry.State;

namespace Skerry.Domain.Quotas;

/// <summary>
/// Moves shares of hard quotas between sites ahead of need, and settles this site's charges: what is gone is freed, and what nobody is
/// charged for, as it was made before the limit was hard, is charged to the home.
/// </summary>
public sealed class ShareReconciler(SiteContext site) : IReconciler
{
    internal const string Author = "quota-shares";

    private static readonly TimeSpan Pace = TimeSpan.FromSeconds(1);

    /// <summary>A need that the home did not meet for so long is met by others.</summary>
    private static readonly TimeSpan HomeFirst = TimeSpan.FromSeconds(3);

    /// <summary>What was asked for is not given back before somebody had the time to use it.</summary>
    private static readonly TimeSpan AmpleFor = TimeSpan.FromMinutes(1);

    private readonly Dictionary<(string Project, string Resource, string Site), long> _needing = [];
    private readonly Dictionary<(string Project, string Resource), long> _ample = [];

    public string Name => Author;

    public IReadOnlyCollection<string> Kinds { get; } = [EntityKinds.Quota, EntityKinds.QuotaShare];

    public async ValueTask<StepResult> StepAsync(CancellationToken cancellationToken)
    {
        var state = StateView.Of(site.Replica);
        var projects = state.List(EntityKinds.Quota).Where(q => q.Text(QuotaMode.Field) == QuotaMode.Hard).Select(q => q.Id).ToList();
        foreach (var project in projects)
        {
            if (Changes(state, project).Any())
            {
                await site.DecideAsync(
                    Actor.System(Name),
                    transaction =>
                    {
                        // What is decided is decided on what is so now.
                        foreach (var change in Changes(StateView.Of(transaction), project).ToList())
                        {
                            change(transaction);
                        }

                        return default(Unit);
                    },
                    cancellationToken);
            }
        }

        return projects.Count == 0 ? StepResult.Done : StepResult.After(Pace);
    }

    private IEnumerable<Action<ITransaction>> Changes(StateView state, string project)
    {
        var settled = Settled(state, project).ToList();
        foreach (var change in settled)
        {
            yield return change;
        }

        if (settled.Count > 0)
        {
            // Shares are counted once the charges are right.
            yield break;
        }

        foreach (var resource in QuotaResource.All)
        {
            var ledger = ShareLedger.Read(state, project, resource, QuotaService.LimitOf(state, project, resource));
            var next = SharePlan.Next(ledger, site.SelfText, s => HasWaited(ledger, project, s), IsAmple(ledger, project));
            if (next != (ledger.Cells.GetValueOrDefault(site.SelfText) ?? ShareCells.Empty))
            {
                yield return transaction => next.Write(transaction, project, site.SelfText, resource);
            }
        }
    }

    private bool HasWaited(ShareLedger ledger, string project, string needing)
    {
        var key = (project, ledger.Resource, needing);
        if (ledger.Of(needing) is var share && share.Need <= share.Received)
        {
            _needing.Remove(key);
            return false;
        }

        _needing.TryAdd(key, site.Time.GetTimestamp());
        return site.Time.GetElapsedTime(_needing[key]) >= HomeFirst;
    }

    private bool IsAmple(ShareLedger ledger, string project)
    {
        var key = (project, ledger.Resource);
        if (ledger.Of(site.SelfText).Free <= 2 * ledger.Cushion)
        {
            _ample.Remove(key);
            return false;
        }

        _ample.TryAdd(key, site.Time.GetTimestamp());
        return site.Time.GetElapsedTime(_ample[key]) >= AmpleFor;
    }

    private IEnumerable<Action<ITransaction>> Settled(StateView state, string project)
    {
        foreach (var (entity, charge) in QuotaCharge.Of(state, QuotaCharge.Prefix(project, site.SelfText)))
        {
            var (_, thing) = QuotaCharge.About(entity.Id);
            if (state.Find(EntityKinds.Volume, thing) is null && state.Find(EntityKinds.Snapshot, thing) is null)
            {
                yield return transaction => transaction.Delete(entity.Key);
            }
            else if (charge.Pending is { Count: > 0 } && Ended(state, charge) is { } after && after != charge)
            {
                yield return transaction => QuotaCharge.Write(transaction, entity.Key, after);
            }
        }

        if (ShareLedger.HomeOf(state, project) == site.SelfText)
        {
            foreach (var change in Uncharged(state, project))
            {
                yield return change;
            }
        }
    }

    /// <summary>An extension that came about stays charged; one that did not is freed. One that nobody knows any more came about.</summary>
    private static QuotaCharge Ended(StateView state, QuotaCharge charge)
    {
        var pending = new Dictionary<string, long>();
        var gigabytes = charge.Gigabytes;
        foreach (var (id, gib) in charge.Pending!)
        {
            var operation = state.Find(EntityKinds.Operation, id);
            if (operation is not null && OperationEntity.IsUnfinished(operation))
            {
                pending[id] = gib;
            }
            else if (operation is null || operation.Text("status") == "succeeded")
            {
                gigabytes += gib;
            }
        }

        return pending.Count == charge.Pending.Count ? charge : charge with { Gigabytes = gigabytes, Pending = pending.Count > 0 ? pending : null };
    }

    private IEnumerable<Action<ITransaction>> Uncharged(StateView state, string project)
    {
        var charged = QuotaCharge.Of(state, QuotaCharge.Prefix(project))
            .GroupBy(c => QuotaCharge.About(c.Entity.Id).Thing)
            .ToDictionary(g => g.Key, g => (Count: g.Sum(c => c.Charge.Volumes + c.Charge.Snapshots), Gib: g.Sum(c => c.Charge.Amounts.Gigabytes)), StringComparer.Ordinal);
        foreach (var (id, gib) in QuotaService.VolumesOf(state, project))
        {
            var known = charged.GetValueOrDefault(id);
            if (known.Count == 0 || gib > known.Gib)
            {
                var more = new QuotaAmounts(known.Count == 0 ? 1 : 0, Math.Max(0, gib - known.Gib), 0);
                yield return transaction => QuotaCharge.Add(transaction, site.SelfText, project, id, more);
            }
        }

        foreach (var id in QuotaService.SnapshotsOf(state, project).Where(id => !charged.ContainsKey(id)))
        {
            yield return transaction => QuotaCharge.Add(transaction, site.SelfText, project, id, QuotaAmounts.ASnapshot);
        }
    }
}
