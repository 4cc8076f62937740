using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Skerry.Api.Common;
using Skerry.Client.Native.Wire;
using Skerry.Domain.Conflicts;
using Skerry.State.Merging;

namespace Skerry.Api.Native;

/// <summary>Writes that had not seen each other, and how a person settles them.</summary>
internal static class ConflictsApi
{
    public static void MapConflicts(this RouteGroupBuilder api)
    {
        var conflicts = api.MapGroup("/conflicts").WithTags("conflicts");
        conflicts.MapGet("", List).WithSummary("List conflicts that stand").Produces<ConflictList>();
        conflicts.MapGet("/history", History).WithSummary("List conflicts that were settled").Produces<SettledConflictList>();
        conflicts.MapGet("/{id}", Show).WithSummary("Show a conflict; the slashes in its id are written %2F").Produces<ConflictReply>();
        conflicts.MapPost("/{id}/resolve", ResolveAsync).WithSummary("Settle a conflict").Accepts<ConflictResolveRequest>("application/json").Produces(204);
    }

    private static IResult List(Caller caller, HttpRequest request, ConflictService conflicts, string? kind) =>
        Pages.Answer(
            request,
            conflicts.List(caller.Actor, kind),
            conflict => conflict.Id,
            Of,
            (items, links) => new ConflictList(items, links),
            SkerryJson.Default.ConflictList);

    /// <summary>Without pages: the history is bounded by age, and its entries have no ids.</summary>
    private static IResult History(Caller caller, ConflictService conflicts) =>
        Answer.Of(new SettledConflictList([.. conflicts.History(caller.Actor).Select(Of)]), SkerryJson.Default.SettledConflictList);

    private static IResult Show(Caller caller, string id, ConflictService conflicts) =>
        Answer.From(
            conflicts.Show(caller.Actor, WithSlashes(id)), conflict => new ConflictReply(Of(conflict)), SkerryJson.Default.ConflictReply);

    private static async Task<IResult> ResolveAsync(
        Caller caller, string id, JsonBody body, ConflictService conflicts, CancellationToken cancellationToken)
    {
        if (body.Fault is { } fault)
        {
            return fault;
        }

        var fields = body.Root;
        fields.Allow("choice", "value");
        var choice = fields.Integer("choice");
        var value = fields.Any("value");
        if (choice is null == value is null)
        {
            fields.Fail(choice is null ? "choice" : "value", "Exactly one of choice and value settles a conflict.");
        }

        return fields.Refusal is { } refusal ? new Fault(refusal)
            : choice is { } number ? Answer.Empty(await conflicts.PickAsync(caller.Actor, WithSlashes(id), number, cancellationToken))
            : Answer.Empty(await conflicts.SetAsync(
                caller.Actor, WithSlashes(id), FieldValue.FromJson(value!.Value.GetRawText()), cancellationToken));
    }

    /// <summary>The server decodes every escape in a path except this one.</summary>
    private static string WithSlashes(string id) => id.Replace("%2F", "/", StringComparison.OrdinalIgnoreCase);

    private static ConflictRecord Of(ConflictView view) => new(
        view.Id,
        view.Kind,
        view.EntityId,
        view.EntityName,
        view.Field,
        view.Nature,
        view.Winner is { } winner ? Of(winner) : null,
        [.. view.Losers.Select(Of)]);

    private static SettledConflictRecord Of(SettledConflictView view) =>
        new(view.Kind, view.EntityId, view.EntityName, view.Field, [.. view.Replaced.Select(Of)], Of(view.By));

    private static ConflictValueRecord Of(ConflictSide side) =>
        new(side.Value.IsNull ? null : JsonElement.Parse(side.Value.Utf8.Span), side.Author, side.SiteName, side.WrittenAt);
}
