using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Skerry.Api.Common;
using Skerry.Client.Native.Wire;
using Skerry.Domain;
using Skerry.Domain.Operations;
using Skerry.State.Merging;

namespace Skerry.Api.Native;

/// <summary>What was ordered, and how far it has come.</summary>
internal static class OperationsApi
{
    private const int LongestWaitSeconds = 30;

    public static void MapOperations(this RouteGroupBuilder api)
    {
        var operations = api.MapGroup("/operations").WithTags("operations");
        operations.MapGet("", List).WithSummary("List operations, newest first").Produces<OperationList>();
        operations.MapGet("/{id}", ShowAsync)
            .WithSummary("Show an operation; wait=SECONDS, at most 30, holds the answer back until it is over")
            .Produces<OperationReply>();
        operations.MapPost("/{id}/cancel", CancelAsync).WithSummary("Cancel an operation that is queued, or whose progress says that it can be aborted").Produces<OperationReply>();
    }

    private static IResult List(
        Caller caller, HttpRequest request, OperationService operations, SiteLabels labels, string? status, string? entity_id, string? site)
    {
        OperationStatus? wanted = null;
        if (status is not null)
        {
            if (!Enum.TryParse<OperationStatus>(status, ignoreCase: true, out var parsed) || Word(parsed) != status)
            {
                return new Fault(Refusal.Invalid(
                    "status", $"There is no status {status}.", $"The words are {string.Join(", ", Enum.GetValues<OperationStatus>().Select(Word))}."));
            }

            wanted = parsed;
        }

        string? siteId = null;
        if (site is not null && (siteId = labels.IdOf(site)) is null)
        {
            return new Fault(Refusal.NotFound("site", site));
        }

        var all = operations.List(caller.Actor, new OperationFilter { Status = wanted, TargetSite = siteId });
        return Pages.Answer(
            request,
            entity_id is null ? all : [.. all.Where(operation => operation.Entity.Id == entity_id)],
            operation => operation.Id,
            operation => Of(operation, labels),
            (items, links) => new OperationList(items, links),
            SkerryJson.Default.OperationList);
    }

    private static async Task<IResult> ShowAsync(
        Caller caller, string id, OperationService operations, SiteLabels labels, HttpRequest request, CancellationToken cancellationToken)
    {
        var waitSeconds = 0;
        if (request.Query["wait"] is [{ Length: > 0 } wait]
            && (!int.TryParse(wait, System.Globalization.NumberStyles.None, null, out waitSeconds) || waitSeconds > LongestWaitSeconds))
        {
            return new Fault(Refusal.Invalid("wait", $"wait must be a number of seconds from 0 to {LongestWaitSeconds}, not '{wait}'."));
        }

        return Reply(
            waitSeconds == 0
                ? operations.Show(caller.Actor, id)
                : await operations.WaitAsync(caller.Actor, id, TimeSpan.FromSeconds(waitSeconds), cancellationToken),
            labels);
    }

    private static async Task<IResult> CancelAsync(
        Caller caller, string id, OperationService operations, SiteLabels labels, CancellationToken cancellationToken) =>
        Reply(await operations.CancelAsync(caller.Actor, id, cancellationToken), labels);

    private static IResult Reply(Outcome<Operation> outcome, SiteLabels labels) =>
        Answer.From(outcome, operation => new OperationReply(Of(operation, labels)), SkerryJson.Default.OperationReply);

    internal static OperationRecord Of(Operation operation, SiteLabels labels) => new(
        operation.Id,
        operation.Kind,
        operation.Entity.Kind,
        operation.Entity.Id,
        labels.Of(operation.TargetSite),
        Word(operation.Status),
        operation.Reason,
        operation.Priority,
        operation.Deadline,
        operation.DependsOn,
        operation.MadeBy,
        operation.MadeAt,
        operation.StartedAt,
        operation.FinishedAt,
        operation.CancelRequested,
        Json(operation.Parameters),
        operation.Result is { } result ? Json(result) : null)
    {
        Refusal = operation.Refusal is { } refusal ? NativeFaults.Record(refusal) : null,
        Progress = operation.Progress is { } progress
            ? new OperationProgressRecord(
                progress.Stage, progress.Stages, progress.Since, progress.CanAbort && !operation.IsFinished, progress.AbortUntil, progress.Detail)
            : null,
    };

    private static string Word(OperationStatus status) => status.ToString().ToLowerInvariant();

    private static JsonElement? Json(FieldValue value) => value.IsNull ? null : JsonElement.Parse(value.Utf8.Span);
}
