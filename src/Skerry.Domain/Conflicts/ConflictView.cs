using Skerry.State.Merging;

namespace Skerry.Domain.Conflicts;

/// <summary>What sort of conflict it is; the words of the API.</summary>
public static class ConflictTypes
{
    /// <summary>Different values of one field.</summary>
    public const string Values = "values";

    /// <summary>An update of what was deleted.</summary>
    public const string Delete = "delete";

    /// <summary>A delete against a creation or a restore.</summary>
    public const string Lifecycle = "lifecycle";

    /// <summary>Something was made while what it belongs to was being deleted.</summary>
    public const string Reference = "reference";

    /// <summary>A deletion that is asked for, and what its asker did not know. Nothing is destroyed yet.</summary>
    public const string PendingDelete = "pending-delete";

    /// <summary>Two things were given one name.</summary>
    public const string Name = "name";

    public static IReadOnlyList<string> All { get; } = [Values, Delete, Lifecycle, Reference, PendingDelete, Name];
}

/// <summary>Writes that did not know of each other and do not go together.</summary>
/// <param name="Id">The same at every site: <c>kind/entity/field</c>.</param>
/// <param name="Kind">The entity's kind.</param>
/// <param name="EntityId">The entity.</param>
/// <param name="EntityName">Its present name; null when it has none.</param>
/// <param name="Field">The field; <c>$lifecycle</c> when a delete stands against a creation or restore.</param>
/// <param name="Type">One of <see cref="ConflictTypes"/>.</param>
/// <param name="Nature">The same in words, and what becomes of it by itself.</param>
/// <param name="Winner">What is shown everywhere; null when nothing won.</param>
/// <param name="Losers">What is kept beside it, best first.</param>
/// <param name="NextStep">What settles it.</param>
public sealed record ConflictView(
    string Id, string Kind, string EntityId, string? EntityName, string Field, string Type, string Nature,
    ConflictSide? Winner, IReadOnlyList<ConflictSide> Losers, string NextStep);

/// <summary>One of the values that stand against each other.</summary>
/// <param name="Value">What was written.</param>
/// <param name="Author">Who wrote it.</param>
/// <param name="SiteId">Where.</param>
/// <param name="SiteName">That site's name; its id when this site has never heard of it.</param>
/// <param name="WrittenAt">When, by that site's clock.</param>
public sealed record ConflictSide(FieldValue Value, string Author, string SiteId, string SiteName, DateTimeOffset WrittenAt)
{
    /// <summary>What was written, where sides are not all values of one field; else null.</summary>
    public string? What { get; init; }
}

/// <summary>A conflict that is settled.</summary>
/// <param name="Id">The same at every site: the conflict's id, <c>@</c>, and the mutation that settled it.</param>
/// <param name="Kind">The entity's kind.</param>
/// <param name="EntityId">The entity.</param>
/// <param name="EntityName">Its present name; null when it has none.</param>
/// <param name="Field">The field.</param>
/// <param name="Replaced">What stood until then, the winner of that time first.</param>
/// <param name="By">The write that settled it.</param>
/// <param name="IsWrittenSince">The field was written again after that.</param>
public sealed record SettledConflictView(
    string Id, string Kind, string EntityId, string? EntityName, string Field, IReadOnlyList<ConflictSide> Replaced, ConflictSide By,
    bool IsWrittenSince);

/// <summary>Which conflicts to list; everything null lists all that the caller may see.</summary>
public sealed record ConflictFilter
{
    public string? Kind { get; init; }

    public string? EntityId { get; init; }

    public string? Field { get; init; }

    /// <summary>One of <see cref="ConflictTypes"/>; not of settled ones, which are all between values.</summary>
    public string? Type { get; init; }

    /// <summary>Name or id of a site at which one of the sides was written.</summary>
    public string? Site { get; init; }

    internal bool Takes(string kind, string entityId, string field, IEnumerable<ConflictSide> sides) =>
        (Kind is null || Kind == kind)
        && (EntityId is null || EntityId == entityId)
        && (Field is null || Field == field)
        && (Site is null || sides.Any(side => side.SiteName == Site || side.SiteId == Site));
}
