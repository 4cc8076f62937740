using System.Text.Json;
using Skerry.Cli.Output;
using Skerry.Client.Native.Wire;

namespace Skerry.Cli.Conflict;

internal static class ConflictView
{
    public static readonly View<ConflictRecord> Conflict = new(
        "conflict",
        OutputJson.Default.ConflictRecord,
        new("id", "kind/entity/field, the same at every site.", c => c.Id),
        new("entity_kind", "Kind of the thing.", c => c.EntityKind, IsBrief: false),
        new("entity_id", "Id of the thing.", c => c.EntityId, IsBrief: false),
        new("entity_name", "Its name, as it stands.", c => c.EntityName),
        new("field", "The field; $lifecycle when a delete stands against an update.", c => c.Field),
        new("type", "values, delete, lifecycle, reference, pending-delete, name, and others to come.", c => c.Type),
        new("nature", "The same in words, and what becomes of it by itself.", c => c.Nature, IsBrief: false),
        new("winner", "The value that stands: 0 of `skerry conflict resolve --pick`.", c => c.Winner?.Value),
        new("winner_what", "What it is a value of, where that is not the field.", c => c.Winner?.What, IsBrief: false),
        new("winner_site", "Where it was written.", c => c.Winner?.Site),
        new("winner_author", "Who wrote it.", c => c.Winner?.Author, IsBrief: false),
        new("winner_written_at", "When, by its site's clock.", c => c.Winner?.WrittenAt, IsBrief: false),
        new("losers", "The values that were kept, best first: 1, 2 … of --pick.", c => c.Losers.Select(Text).ToList()),
        new("loser_what", "What they are values of, where that is not the field.", c => c.Losers.Select(v => v.What).ToList(), IsBrief: false),
        new("loser_sites", "Where they were written, in the same order.", c => c.Losers.Select(v => v.Site).ToList()),
        new("loser_authors", "Who wrote them.", c => c.Losers.Select(v => v.Author).ToList(), IsBrief: false),
        new("loser_written_at", "When, by their sites' clocks.", c => c.Losers.Select(v => v.WrittenAt).ToList(), IsBrief: false),
        new("next_step", "What settles it.", c => c.NextStep, IsBrief: false));

    public static readonly View<SettledConflictRecord> Settled = new(
        "settled conflict",
        OutputJson.Default.SettledConflictRecord,
        new("id", "The same at every site; for `skerry conflict undo`.", c => c.Id, IsBrief: false),
        new("entity_kind", "Kind of the thing.", c => c.EntityKind),
        new("entity_id", "Id of the thing.", c => c.EntityId, IsBrief: false),
        new("entity_name", "Its name, as it stands.", c => c.EntityName),
        new("field", "The field.", c => c.Field),
        new("replaced", "The values that stood, the winner of that time first.", c => c.Replaced.Select(Text).ToList()),
        new("replaced_sites", "Where they were written, in the same order.", c => c.Replaced.Select(v => v.Site).ToList()),
        new("settled_value", "The value that settled it.", c => c.By.Value),
        new("settled_by", "Who wrote that.", c => c.By.Author),
        new("settled_site", "Where.", c => c.By.Site, IsBrief: false),
        new("settled_at", "When, by that site's clock.", c => c.By.WrittenAt),
        new("written_since", "Whether the field was written again after that.", c => c.WrittenSince, IsBrief: false));

    private static string Text(ConflictValueRecord value) => value.Value switch
    {
        { ValueKind: JsonValueKind.String } text => text.GetString()!,
        { } other => other.GetRawText(),
        null => "null",
    };
}
