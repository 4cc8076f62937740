using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Skerry.Api.Common;
using Skerry.Client.Native.Wire;
using Skerry.Domain;
using Skerry.Domain.Volumes;

namespace Skerry.Api.Native;

/// <summary>Snapshots, those that keep what diverged included.</summary>
internal static class SnapshotsApi
{
    public static void MapSnapshots(this RouteGroupBuilder api)
    {
        var snapshots = api.MapGroup("/snapshots").WithTags("snapshots");
        snapshots.MapGet("", List).WithSummary("List snapshots").Produces<SnapshotList>();
        snapshots.MapPost("", CreateAsync).WithSummary("Take a snapshot").Accepts<SnapshotCreateRequest>("application/json").Produces<SnapshotReply>(202);
        snapshots.MapGet("/{id}", Show).WithSummary("Show a snapshot").Produces<SnapshotReply>();
        snapshots.MapDelete("/{id}", DeleteAsync).WithSummary("Delete a snapshot").Produces<SnapshotReply>(202);
    }

    private static IResult List(
        Caller caller, HttpRequest request, SnapshotService snapshots, string? name, string? volume_id, string? status, string? all_projects)
    {
        var all = QueryFlag.Parse(nameof(all_projects), all_projects);
        return all.Refusal is { } refusal
            ? new Fault(refusal)
            : Pages.Answer(
                request,
                snapshots.List(
                    caller.Actor, new SnapshotFilter { AllProjects = all.Value, VolumeId = volume_id, Name = name, Status = status }),
                snapshot => snapshot.Id,
                snapshot => VolumeRecords.Of(snapshot, caller.Actor),
                (items, links) => new SnapshotList(items, links),
                SkerryJson.Default.SnapshotList);
    }

    private static async Task<IResult> CreateAsync(
        Caller caller, JsonBody body, SnapshotService snapshots, CancellationToken cancellationToken)
    {
        if (body.Fault is { } fault)
        {
            return fault;
        }

        var fields = body.Root;
        fields.Allow("volume_id", "name", "description");
        var request = new CreateSnapshotRequest(fields.Text("volume_id", required: true) ?? "")
        {
            Name = fields.Text("name"),
            Description = fields.Text("description"),
        };
        return fields.Refusal is { } refusal
            ? new Fault(refusal)
            : Reply(caller, await snapshots.CreateAsync(caller.Actor, request, cancellationToken), StatusCodes.Status201Created);
    }

    private static IResult Show(Caller caller, string id, SnapshotService snapshots) => Reply(caller, snapshots.Show(caller.Actor, id));

    private static async Task<IResult> DeleteAsync(
        Caller caller, string id, SnapshotService snapshots, CancellationToken cancellationToken) =>
        Reply(caller, await snapshots.DeleteAsync(caller.Actor, id, cancellationToken));

    private static IResult Reply(Caller caller, Outcome<Snapshot> outcome, int status = StatusCodes.Status200OK) =>
        Answer.From(
            outcome,
            snapshot => new SnapshotReply(VolumeRecords.Of(snapshot, caller.Actor), outcome.OperationId),
            SkerryJson.Default.SnapshotReply,
            status);
}
