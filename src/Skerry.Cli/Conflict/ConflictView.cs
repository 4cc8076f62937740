using System.Text.Json;
using Skerry.Cli.Output;
using Skerry.Client.Native.Wire;

namespace Skerry.Cli.Conflict;

internal static class ConflictView
{
    public static readonly View<ConflictRecord> Conflict = new(
        "conflict",
        new("id", "Entity and field.", c => c.Id),
        new("entity_kind", "Kind of the thing.", c => c.EntityKind),
        new("entity_id", "Id of the thing.", c => c.EntityId, IsBrief: false),
        new("entity_name", "Its name, as it stands.", c => c.EntityName),
        new("field", "The field.", c => c.Field),
        new("rule", "What decides: latest, hub, owner or hold.", c => c.Rule, IsBrief: false),
        new("winner", "The value that stands.", c => Value(c.Winner)),
        new("winner_site", "Where it was written.", c => c.Winner?.Site),
        new("winner_author", "Who wrote it.", c => c.Winner?.Author, IsBrief: false),
        new("winner_written_at", "When, by its site's clock.", c => c.Winner?.WrittenAt, IsBrief: false),
        new("winner_pick", "Names this value in `skerry conflict resolve --pick`.", c => c.Winner?.Pick, IsBrief: false),
        new("losers", "The values that were kept.", c => c.Losers.Select(v => Text(v)).ToList()),
        new("loser_sites", "Where they were written, in the same order.", c => c.Losers.Select(v => v.Site ?? "").ToList()),
        new("loser_authors", "Who wrote them.", c => c.Losers.Select(v => v.Author ?? "").ToList(), IsBrief: false),
        new("loser_picks", "Name these values in `skerry conflict resolve --pick`.", c => c.Losers.Select(v => v.Pick).ToList(), IsBrief: false),
        new("settled_at", "When it was settled; null while it stands.", c => c.SettledAt, IsBrief: false),
        new("settled_by", "Who settled it.", c => c.SettledBy, IsBrief: false));

    private static object? Value(ConflictValueRecord? value) => value switch
    {
        null => null,
        { IsDelete: true } => "(deleted)",
        _ => value.Value,
    };

    private static string Text(ConflictValueRecord value) => value switch
    {
        { IsDelete: true } => "(deleted)",
        { Value: { ValueKind: JsonValueKind.String } text } => text.GetString()!,
        { Value: { } other } => other.GetRawText(),
        _ => "null",
    };
}
