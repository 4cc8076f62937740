using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Skerry.Api.Common;
using Skerry.Client.Native.Wire;
using Skerry.Domain;
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
        conflicts.MapGet("/history/{id}", ShowSettled).WithSummary("Show a conflict that was settled").Produces<SettledConflictReply>();
        conflicts.MapPost("/history/{id}/undo", UndoAsync).WithSummary("Put back what a settlement replaced")
            .Accepts<ConflictUndoRequest>("application/json").Produces(204);
        conflicts.MapGet("/{id}", Show).WithSummary("Show a conflict; the slashes in its id are written %2F").Produces<ConflictReply>();
        conflicts.MapPost("/{id}/resolve", ResolveAsync).WithSummary("Settle a conflict").Accepts<ConflictResolveRequest>("application/json").Produces(204);
    }

    private static IResult List(
        Caller caller, HttpRequest request, ConflictService conflicts, string? kind, string? entity, string? field, string? type, string? site) =>
        type is not null && !ConflictTypes.All.Contains(type)
            ? new Fault(Refusal.Invalid("type", $"'{type}' is no type of conflict.", $"Give one of {string.Join(", ", ConflictTypes.All)}."))
            : Pages.Answer(
            request,
            conflicts.List(caller.Actor, new ConflictFilter { Kind = kind, EntityId = entity, Field = field, Type = type, Site = site }),
            conflict => conflict.Id,
            Of,
            (items, links) => new ConflictList(items, links),
            SkerryJson.Default.ConflictList);

    private static IResult History(
        Caller caller, HttpRequest request, ConflictHistory history, string? kind, string? entity, string? field, string? site) =>
        Pages.Answer(
            request,
            history.List(caller.Actor, new ConflictFilter { Kind = kind, EntityId = entity, Field = field, Site = site }),
            settled => settled.Id,
            Of,
            (items, links) => new SettledConflictList(items, links),
            SkerryJson.Default.SettledConflictList);

    private static IResult ShowSettled(Caller caller, string id, ConflictHistory history) =>
        Answer.From(
            history.Show(caller.Actor, WithSlashes(id)), settled => new SettledConflictReply(Of(settled)), SkerryJson.Default.SettledConflictReply);

    private static async Task<IResult> UndoAsync(
        Caller caller, string id, JsonBody body, ConflictHistory history, CancellationToken cancellationToken)
    {
        if (body.Fault is { } fault)
        {
            return fault;
        }

        var fields = body.Root;
        fields.Allow("choice");
        var choice = fields.Integer("choice");
        return fields.Refusal is { } refusal ? new Fault(refusal)
            : Answer.Empty(await history.UndoAsync(caller.Actor, WithSlashes(id), choice, cancellationToken));
    }

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
        view.Type,
        view.Nature,
        view.Winner is { } winner ? Of(winner) : null,
        [.. view.Losers.Select(Of)],
        view.NextStep);

    private static SettledConflictRecord Of(SettledConflictView view) =>
        new(view.Id, view.Kind, view.EntityId, view.EntityName, view.Field, [.. view.Replaced.Select(Of)], Of(view.By), view.IsWrittenSince);

    private static ConflictValueRecord Of(ConflictSide side) =>
        new(side.Value.IsNull ? null : JsonElement.Parse(side.Value.Utf8.Span), side.Author, side.SiteName, side.WrittenAt, side.What);
}
