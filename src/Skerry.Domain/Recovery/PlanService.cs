using Skerry.Domain.Volumes;

namespace Skerry.Domain.Recovery;

/// <summary>Recovery plans, as administrators keep them.</summary>
public sealed class PlanService(SiteContext site)
{
    private const int MaxNameLength = 255;

    /// <summary>Makes the plan, or replaces the one of that name. Sites are named or given by id; what the steps name is looked up when it moves.</summary>
    public async ValueTask<Outcome<RecoveryPlan>> SetAsync(Actor actor, RecoveryPlan plan, CancellationToken cancellationToken)
    {
        if (!actor.IsAdmin)
        {
            return new Refusal(RefusalKind.NotAllowed, "Recovery plans are kept by administrators.");
        }

        var names = new SiteDirectory(site, StateView.Of(site.Replica));
        var from = names.Resolve(plan.Site);
        if (from.IsRefused)
        {
            return from.Refusal! with { Field = "site" };
        }

        string? to = null;
        if (plan.ToSite is { } named)
        {
            var resolved = names.Resolve(named);
            if (resolved.IsRefused)
            {
                return resolved.Refusal! with { Field = "to" };
            }

            to = resolved.Value;
        }

        plan = plan with { Site = from.Value, ToSite = to };
        if (Check(plan) is { } refusal)
        {
            return refusal;
        }

        return await site.DecideAsync<Outcome<RecoveryPlan>>(
            actor,
            transaction =>
            {
                if (RecoveryPlan.InConflict(StateView.Of(transaction), plan.Name) is { } inDoubt)
                {
                    return inDoubt;
                }

                plan.Write(transaction);
                return plan;
            },
            cancellationToken);
    }

    public Outcome<RecoveryPlan> Show(Actor actor, string name) =>
        actor.IsAdmin && RecoveryPlan.Find(StateView.Of(site.Replica), name) is { } plan ? plan : Refusal.NotFound("plan", name);

    /// <summary>By name. Tenants see none.</summary>
    public IReadOnlyList<RecoveryPlan> List(Actor actor) =>
        actor.IsAdmin ? [.. RecoveryPlan.All(StateView.Of(site.Replica)).OrderBy(p => p.Name, StringComparer.Ordinal)] : [];

    public async ValueTask<Outcome<Unit>> DeleteAsync(Actor actor, string name, CancellationToken cancellationToken) =>
        await site.DecideAsync<Outcome<Unit>>(
            actor,
            transaction =>
            {
                if (!actor.IsAdmin || RecoveryPlan.Find(StateView.Of(transaction), name) is null)
                {
                    return Refusal.NotFound("plan", name);
                }

                transaction.Delete(RecoveryPlan.Key(name));
                return default(Unit);
            },
            cancellationToken);

    private static Refusal? Check(RecoveryPlan plan)
    {
        var named = plan.Steps.SelectMany(s => s.Groups.Concat(s.Volumes)).Concat(plan.Skip).ToList();
        return plan.Name.Length is 0 or > MaxNameLength ? Refusal.Invalid("name", $"A plan's name has 1 to {MaxNameLength} characters.")
            : plan.ToSite == plan.Site ? Refusal.Invalid("to", "A plan moves volumes away from its site, not to it.")
            : plan.Parallel is < 1 or > RecoveryPlan.MostParallel
                ? Refusal.Invalid("parallel", $"parallel is from 1 to {RecoveryPlan.MostParallel}, not {plan.Parallel}.")
            : !PlanRest.All.Contains(plan.Rest) ? Refusal.Invalid("rest", $"rest cannot be {plan.Rest}.", $"Use {string.Join(" or ", PlanRest.All)}.")
            : !PlanFailure.All.Contains(plan.OnFailure)
                ? Refusal.Invalid("on_failure", $"on_failure cannot be {plan.OnFailure}.", $"Use {string.Join(" or ", PlanFailure.All)}.")
            : named.GroupBy(n => n, StringComparer.Ordinal).FirstOrDefault(g => g.Count() > 1) is { } twice
                ? Refusal.Invalid("steps", $"The plan names {twice.Key} {twice.Count()} times.", "Name it once.")
            : null;
    }
}
