using Skerry.State.Merging;

namespace Skerry.Domain.Conflicts;

/// <summary>Writes to one field that did not know of each other.</summary>
/// <param name="Id">The same at every site: <c>kind/entity/field</c>.</param>
/// <param name="Kind">The entity's kind.</param>
/// <param name="EntityId">The entity.</param>
/// <param name="EntityName">Its present name; null when it has none.</param>
/// <param name="Field">The field; <c>$lifecycle</c> when a delete stands against an update.</param>
/// <param name="Nature">In words: different values, or a delete against an update.</param>
/// <param name="Winner">What is shown everywhere; null when nothing won.</param>
/// <param name="Losers">What is kept beside it, best first.</param>
public sealed record ConflictView(
    string Id, string Kind, string EntityId, string? EntityName, string Field, string Nature,
    ConflictSide? Winner, IReadOnlyList<ConflictSide> Losers);

/// <summary>One of the values that stand against each other.</summary>
/// <param name="Value">What was written.</param>
/// <param name="Author">Who wrote it.</param>
/// <param name="SiteId">Where.</param>
/// <param name="SiteName">That site's name; its id when this site has never heard of it.</param>
/// <param name="WrittenAt">When, by that site's clock.</param>
public sealed record ConflictSide(FieldValue Value, string Author, string SiteId, string SiteName, DateTimeOffset WrittenAt);

/// <summary>A conflict that is settled.</summary>
/// <param name="Kind">The entity's kind.</param>
/// <param name="EntityId">The entity.</param>
/// <param name="EntityName">Its present name; null when it has none.</param>
/// <param name="Field">The field.</param>
/// <param name="Replaced">What stood until then, the winner of that time first.</param>
/// <param name="By">The write that settled it.</param>
public sealed record SettledConflictView(
    string Kind, string EntityId, string? EntityName, string Field, IReadOnlyList<ConflictSide> Replaced, ConflictSide By);
