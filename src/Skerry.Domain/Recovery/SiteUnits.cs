using Skerry.Domain.Groups;
using Skerry.Domain.Replication;
using Skerry.Domain.Volumes;

namespace Skerry.Domain.Recovery;

/// <summary>What moves as one: a group, or a volume that is in none.</summary>
/// <param name="GroupId">Null for a volume alone.</param>
/// <param name="VolumeIds">Those that are to move.</param>
/// <param name="Step">When, counted from 0.</param>
/// <param name="ToSite">Where to; null for where it has its replica.</param>
/// <param name="WhySkipped">Why it is left out from the start; null when it is to be tried.</param>
internal sealed record SiteUnit(string? GroupId, IReadOnlyList<string> VolumeIds, int Step, string? ToSite, string? WhySkipped)
{
    public MoveLine Line(StateView state, string volumeId, string toSite) =>
        new(volumeId, state.Find(EntityKinds.Volume, volumeId)?.Text("name"), GroupId, Step, toSite, MoveLine.Waiting);
}

/// <summary>Reads off the state what a move of a site comes to, in the order of its plan.</summary>
internal static class SiteUnits
{
    public static IEnumerable<SiteUnit> Of(StateView state, SiteContext site, SiteMoveParameters wanted, RecoveryPlan plan)
    {
        var names = new SiteDirectory(site, state);
        var units = new List<(SiteUnit Unit, string? Name)>();
        var volumes = state.List(EntityKinds.Volume)
            .Where(v => Concerns(state, v.Id, wanted))
            .OrderBy(v => v.Text("name"), StringComparer.Ordinal).ThenBy(v => v.Id, StringComparer.Ordinal)
            .ToList();
        foreach (var grouped in volumes.GroupBy(v => GroupMembers.GroupOf(state, v.Id) is { TargetSite: not null } group ? group : null))
        {
            if (grouped.Key is { } group)
            {
                var home = wanted.IsFailback ? wanted.Site : wanted.ToSite;
                units.Add((new SiteUnit(group.Id, [.. grouped.Select(v => v.Id)], 0, home, null), group.Name));
                continue;
            }

            units.AddRange(grouped.Select(v => (
                new SiteUnit(null, [v.Id], 1, wanted.IsFailback ? wanted.Site : wanted.ToSite, WhyNot(state, names, v.Id, wanted)), v.Text("name"))));
        }

        // Steps of the plan, and after them, or not at all, what it does not name.
        return units
            .Select(u => Placed(u.Unit, u.Name, plan))
            .OrderBy(u => u.Step).ThenBy(u => u.GroupId is null)
            .ToList();
    }

    private static SiteUnit Placed(SiteUnit unit, string? name, RecoveryPlan plan)
    {
        bool Is(string named) => named == name || named == (unit.GroupId ?? unit.VolumeIds[0]);

        if (plan.Skip.Any(Is))
        {
            return unit with { WhySkipped = $"Plan {plan.Name} leaves it out." };
        }

        for (var step = 0; step < plan.Steps.Count; step++)
        {
            if ((unit.GroupId is null ? plan.Steps[step].Volumes : plan.Steps[step].Groups).Any(Is))
            {
                return unit with { Step = step };
            }
        }

        return plan.Rest == PlanRest.Skip
            ? unit with { Step = plan.Steps.Count, WhySkipped = $"No step of plan {plan.Name} names it." }
            : unit with { Step = plan.Steps.Count + unit.Step };
    }

    private static bool Concerns(StateView state, string volumeId, SiteMoveParameters wanted)
    {
        if (Generations.Primary(state, volumeId) is not { } primary)
        {
            return false;
        }

        var at = primary.Current.IsDemoted ? Generations.Owner(Generations.Of(state, volumeId)) : primary.Current.Site;
        return wanted.IsFailback
            ? at != wanted.Site && Relation.OfVolume(state, volumeId).Any(r => r.HomeSite == wanted.Site)
            : at == wanted.Site || primary.Rivals.Any(r => r.Site == wanted.Site);
    }

    /// <summary>What no forced and no planned move could help.</summary>
    private static string? WhyNot(StateView state, SiteDirectory names, string volumeId, SiteMoveParameters wanted)
    {
        var relations = Relation.OfVolume(state, volumeId);
        return relations.Count == 0 ? "It has no replica."
            : wanted.ToSite is { } to && relations.All(r => r.BackendAt(to) is null) ? $"It has no replica at site {names.NameOf(to)}."
            : null;
    }
}
