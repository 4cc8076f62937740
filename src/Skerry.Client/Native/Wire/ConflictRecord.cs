using System.Text.Json;
using System.Text.Json.Serialization;

namespace Skerry.Client.Native.Wire;

/// <summary>Writes to one field, or an update and a delete, neither of which had seen the other.</summary>
/// <param name="Id">The same at every site: <c>kind/entity/field</c>.</param>
/// <param name="Field">The field; <c>$lifecycle</c> when a delete stands against an update.</param>
/// <param name="Nature">In words: different values, or a delete against an update.</param>
/// <param name="Winner">What is shown everywhere; null when nothing won.</param>
/// <param name="Losers">What is kept beside it, best first.</param>
public sealed record ConflictRecord(
    string Id,
    string EntityKind,
    string EntityId,
    string? EntityName,
    string Field,
    string Nature,
    ConflictValueRecord? Winner,
    IReadOnlyList<ConflictValueRecord> Losers);

/// <summary>One of the values.</summary>
/// <param name="Author">Who wrote it: a user, or a part of the daemon.</param>
/// <param name="WrittenAt">When, by that site's clock.</param>
public sealed record ConflictValueRecord(JsonElement? Value, string Author, string Site, DateTimeOffset WrittenAt);

public sealed record ConflictReply(ConflictRecord Conflict);

public sealed record ConflictList(IReadOnlyList<ConflictRecord> Conflicts, IReadOnlyList<PageLink>? Links = null);

/// <summary>Exactly one of the two settles the conflict.</summary>
/// <param name="Choice">Which side to keep, as shown: 0 is the winner, 1 the first loser …</param>
/// <param name="Value">A value in place of all that stand.</param>
public sealed record ConflictResolveRequest(
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] int? Choice,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] JsonElement? Value);

/// <summary>A conflict that is settled.</summary>
/// <param name="Replaced">What stood until then, the winner of that time first.</param>
/// <param name="By">The write that settled it.</param>
public sealed record SettledConflictRecord(
    string EntityKind,
    string EntityId,
    string? EntityName,
    string Field,
    IReadOnlyList<ConflictValueRecord> Replaced,
    ConflictValueRecord By);

public sealed record SettledConflictList(IReadOnlyList<SettledConflictRecord> Conflicts, IReadOnlyList<PageLink>? Links = null);
