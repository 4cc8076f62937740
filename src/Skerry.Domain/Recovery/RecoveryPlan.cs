using System.Text.Json.Serialization;
using Skerry.State;
using Skerry.State.Merging;

namespace Skerry.Domain.Recovery;

/// <summary>What moves, and in which order, when a site is lost. Immutable; a new text of the same name replaces it whole.</summary>
/// <param name="Name">What it is called; the cloud has one plan of a name.</param>
/// <param name="Site">The site that it is for, as a site id.</param>
/// <param name="ToSite">Where to, as a site id; null for where each has its replica.</param>
/// <param name="Parallel">How many groups and volumes move side by side, from 1 to 64.</param>
/// <param name="Steps">In order: a step begins when the one before is over.</param>
/// <param name="Skip">Names or ids of volumes and groups that stay.</param>
/// <param name="Rest">What becomes of volumes that no step names: one of <see cref="PlanRest"/>.</param>
/// <param name="OnFailure">Whether later steps begin when something of an earlier one failed: one of <see cref="PlanFailure"/>.</param>
public sealed record RecoveryPlan(
    string Name, string Site, string? ToSite, int Parallel, IReadOnlyList<RecoveryStep> Steps, IReadOnlyList<string> Skip, string Rest,
    string OnFailure)
{
    public const int DefaultParallel = 16;
    public const int MostParallel = 64;

    /// <summary>Derived from the name, so that a plan that two sites set apart is one plan.</summary>
    public static EntityKey Key(string name) => new(EntityKinds.RecoveryPlan, Ids.Derived("recovery-plan", name));

    /// <summary>Groups first, as units, and then the volumes that are in none: what is done without a plan.</summary>
    public static RecoveryPlan Derived(string site) => new("", site, null, DefaultParallel, [], [], PlanRest.Last, PlanFailure.Continue);

    internal static RecoveryPlan? Find(StateView state, string name) =>
        state.Find(EntityKinds.RecoveryPlan, Key(name).Id) is { } entity ? entity.Json("plan", PlanJson.Default.RecoveryPlan) : null;

    /// <summary>Why the plan must not be run or replaced now; null when it may be.</summary>
    internal static Refusal? InConflict(StateView state, string name) =>
        state.Find(EntityKinds.RecoveryPlan, Key(name).Id)?.IsContested("plan") == true
            ? new Refusal(
                RefusalKind.Conflict, $"Plan {name} was written in two ways by sites that did not know of each other.",
                $"Choose one: skerry conflict list --entity {Key(name).Id}. To move the site at once, leave the plan out.")
            : null;

    internal static IEnumerable<RecoveryPlan> All(StateView state) =>
        state.List(EntityKinds.RecoveryPlan).Select(e => e.Json("plan", PlanJson.Default.RecoveryPlan)).OfType<RecoveryPlan>();

    internal void Write(ITransaction transaction)
    {
        transaction.Revive(Key(Name));
        transaction.Set(Key(Name), "plan", FieldValue.Serialize(this, PlanJson.Default.RecoveryPlan));
    }
}

/// <summary>What moves side by side.</summary>
/// <param name="Name">For people; null for none.</param>
/// <param name="Groups">Names or ids.</param>
/// <param name="Volumes">Names or ids of volumes that are in no group.</param>
public sealed record RecoveryStep(string? Name, IReadOnlyList<string> Groups, IReadOnlyList<string> Volumes);

/// <summary>What becomes of what a plan does not name.</summary>
public static class PlanRest
{
    /// <summary>It moves after all steps.</summary>
    public const string Last = "last";

    /// <summary>It stays.</summary>
    public const string Skip = "skip";

    public static IReadOnlyList<string> All { get; } = [Last, Skip];
}

/// <summary>Whether a failure ends a plan.</summary>
public static class PlanFailure
{
    /// <summary>Later steps begin all the same: what can be brought up is.</summary>
    public const string Continue = "continue";

    /// <summary>Later steps are left out.</summary>
    public const string Stop = "stop";

    public static IReadOnlyList<string> All { get; } = [Continue, Stop];
}

/// <summary>The stored form of plans.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(RecoveryPlan))]
[JsonSerializable(typeof(SiteMoveParameters))]
internal sealed partial class PlanJson : JsonSerializerContext;
