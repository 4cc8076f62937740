using Skerry.State.Merging;

namespace Skerry.Domain.Operations;

/// <summary>
/// The words by which a site says which requests its daemon understands. A request that needs a word its target has not said is kept for
/// the target, which takes it up once it was upgraded; an older daemon does not see it as its own, and so neither fails it nor does half
/// of it. A word never changes its meaning, and new ones come with what a new version adds.
/// </summary>
public static class Capabilities
{
    /// <summary>The requests that the first release has. A site that says nothing of itself has them.</summary>
    public const string First = "operations-1";

    /// <summary>The field of a site with its words.</summary>
    internal const string Field = "capabilities";

    /// <summary>What this daemon understands.</summary>
    public static IReadOnlyList<string> Known { get; } = [First];

    /// <summary>What a site understands, as far as it is known here.</summary>
    public static IReadOnlyList<string> Of(StateView state, string siteId) =>
        state.Find(EntityKinds.Site, siteId)?.Json(Field, DomainJson.Default.ListString) ?? [First];

    /// <summary>The words of <paramref name="needs"/> that the site has not said.</summary>
    internal static IReadOnlyList<string> Missing(StateView state, string siteId, IReadOnlyList<string> needs) =>
        needs.Count == 0 ? [] : [.. needs.Except(Of(state, siteId))];

    internal static FieldValue Written(IReadOnlyList<string> words) => FieldValue.Serialize([.. words], DomainJson.Default.ListString);
}
