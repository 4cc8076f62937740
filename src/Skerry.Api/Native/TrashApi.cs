using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Skerry.Api.Common;
using Skerry.Client.Native.Wire;
using Skerry.Domain;
using Skerry.Domain.Recovery;

namespace Skerry.Api.Native;

/// <summary>Replicas that outlived their volumes or replications. For administrators.</summary>
internal static class TrashApi
{
    public static void MapTrash(this RouteGroupBuilder api)
    {
        var trash = api.MapGroup("/replications/trash").WithTags("replications");
        trash.MapGet("", List).WithSummary("List replicas in the trash").Produces<TrashList>();
        trash.MapPost("/{id}/restore", RestoreAsync).WithSummary("Make a replica in the trash a volume again")
            .Accepts<TrashRestoreRequest>("application/json").Produces<RecoveryReply>(202);
        trash.MapDelete("/{id}", PurgeAsync).WithSummary("Take a replica away before its time").Produces<RecoveryReply>(202);
    }

    private static IResult List(Caller caller, HttpRequest request, TrashService trash, SiteLabels labels) =>
        Pages.Answer(
            request,
            trash.List(caller.Actor),
            item => item.Id,
            item => ReplicationRecords.Of(item, labels),
            (items, links) => new TrashList(items, links),
            SkerryJson.Default.TrashList);

    private static async Task<IResult> RestoreAsync(
        Caller caller, string id, JsonBody body, TrashService trash, SiteLabels labels, CancellationToken cancellationToken)
    {
        if (body.Fault is { } fault)
        {
            return fault;
        }

        var fields = body.Root;
        fields.Allow("name");
        var name = fields.Text("name");
        return fields.Refusal is { } refusal
            ? new Fault(refusal)
            : Reply(await trash.RestoreAsync(caller.Actor, id, name, cancellationToken), labels);
    }

    private static async Task<IResult> PurgeAsync(
        Caller caller, string id, TrashService trash, SiteLabels labels, CancellationToken cancellationToken) =>
        Reply(await trash.PurgeAsync(caller.Actor, id, cancellationToken), labels);

    private static IResult Reply(Outcome<RecoveryTicket> outcome, SiteLabels labels) =>
        Answer.From(outcome, ticket => ReplicationRecords.Of(ticket, labels), SkerryJson.Default.RecoveryReply);
}
