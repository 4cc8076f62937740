using System.Text.Json;
using System.Text.Json.Serialization;

namespace Skerry.Client.Native.Wire;

/// <summary>Writes to one field, or an update and a delete, neither of which had seen the other.</summary>
/// <param name="Id">The same at every site: <c>kind/entity/field</c>.</param>
/// <param name="Field">The field; <c>$lifecycle</c> when a delete stands against an update.</param>
/// <param name="Type">values, delete, lifecycle, reference, pending-delete, name, and others to come.</param>
/// <param name="Nature">The same in words, and what becomes of it by itself.</param>
/// <param name="Winner">What is shown everywhere; null when nothing won.</param>
/// <param name="Losers">What is kept beside it, best first.</param>
/// <param name="NextStep">What settles it.</param>
public sealed record ConflictRecord(
    string Id,
    string EntityKind,
    string EntityId,
    string? EntityName,
    string Field,
    string Type,
    string Nature,
    ConflictValueRecord? Winner,
    IReadOnlyList<ConflictValueRecord> Losers,
    string NextStep);

/// <summary>One of the values.</summary>
/// <param name="Author">Who wrote it: a user, or a part of the daemon.</param>
/// <param name="WrittenAt">When, by that site's clock.</param>
/// <param name="What">What was written, where sides are not all values of one field; else null.</param>
public sealed record ConflictValueRecord(JsonElement? Value, string Author, string Site, DateTimeOffset WrittenAt, string? What = null);

public sealed record ConflictReply(ConflictRecord Conflict);

public sealed record ConflictList(IReadOnlyList<ConflictRecord> Conflicts, IReadOnlyList<PageLink>? Links = null);

/// <summary>Exactly one of the two settles the conflict.</summary>
/// <param name="Choice">Which side to keep, as shown: 0 is the winner, 1 the first loser …</param>
/// <param name="Value">A value in place of all that stand.</param>
public sealed record ConflictResolveRequest(
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] int? Choice,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] JsonElement? Value);

/// <summary>Puts back what a settlement replaced.</summary>
/// <param name="Choice">Which of the replaced values, as shown, whatever was written since; null for the only other one, if nothing was.</param>
public sealed record ConflictUndoRequest([property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] int? Choice);

/// <summary>Which conflicts to list; null leaves that open.</summary>
/// <param name="Kind">Of the thing.</param>
/// <param name="Entity">Id of the thing.</param>
/// <param name="Site">Name or id of a site at which a side was written.</param>
public sealed record ConflictQuery(string? Kind = null, string? Entity = null, string? Field = null, string? Type = null, string? Site = null);

/// <summary>A conflict that is settled.</summary>
/// <param name="Id">The same at every site.</param>
/// <param name="Replaced">What stood until then, the winner of that time first.</param>
/// <param name="By">The write that settled it.</param>
/// <param name="WrittenSince">The field was written again after that.</param>
public sealed record SettledConflictRecord(
    string Id,
    string EntityKind,
    string EntityId,
    string? EntityName,
    string Field,
    IReadOnlyList<ConflictValueRecord> Replaced,
    ConflictValueRecord By,
    bool WrittenSince);

public sealed record SettledConflictReply(SettledConflictRecord Conflict);

public sealed record SettledConflictList(IReadOnlyList<SettledConflictRecord> Conflicts, IReadOnlyList<PageLink>? Links = null);
