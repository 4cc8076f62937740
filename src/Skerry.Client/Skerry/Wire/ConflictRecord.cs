using System.Text.Json;

namespace Skerry.Client.Native.Wire;

/// <summary>Writes to one field, or an update and a delete, neither of which had seen the other.</summary>
/// <param name="Field">The field; for an update against a delete, the word that the merge uses for it.</param>
/// <param name="Rule">latest, hub, owner or hold.</param>
/// <param name="SettledAt">Null while it stands.</param>
public sealed record ConflictRecord(
    string Id,
    string EntityKind,
    string EntityId,
    string? EntityName,
    string Field,
    string? Rule,
    ConflictValueRecord? Winner,
    IReadOnlyList<ConflictValueRecord> Losers,
    DateTimeOffset? SettledAt = null,
    string? SettledBy = null);

/// <summary>One of the values.</summary>
/// <param name="Pick">Names this value in <c>resolve</c>.</param>
/// <param name="Value">The value; null for a delete.</param>
public sealed record ConflictValueRecord(
    string Pick, JsonElement? Value, bool IsDelete, string? Author, string? Site, DateTimeOffset? WrittenAt);

public sealed record ConflictReply(ConflictRecord Conflict);

public sealed record ConflictList(IReadOnlyList<ConflictRecord> Conflicts, IReadOnlyList<PageLink>? Links = null);

/// <summary>Exactly one of the two settles the conflict.</summary>
public sealed record ConflictResolveRequest(string? Pick, JsonElement? Value);
