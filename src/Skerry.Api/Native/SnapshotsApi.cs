using System.Globalization;
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
        snapshots.MapGet("/{id}/diff", DiffAsync).WithSummary("Where a snapshot differs from its volume or another snapshot").Produces<SnapshotDiffReply>();
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

    private static async Task<IResult> DiffAsync(
        Caller caller, string id, SnapshotDiffService diffs, string? against, string? offset_bytes, string? limit,
        CancellationToken cancellationToken)
    {
        var (offsetBytes, mostRanges) = (0L, SnapshotDiffService.MostRanges);
        if (offset_bytes is not null && !long.TryParse(offset_bytes, NumberStyles.None, CultureInfo.InvariantCulture, out offsetBytes))
        {
            return new Fault(Refusal.Invalid("offset_bytes", $"offset_bytes must be a number of bytes, not '{offset_bytes}'."));
        }

        if (limit is not null && !int.TryParse(limit, NumberStyles.None, CultureInfo.InvariantCulture, out mostRanges))
        {
            return new Fault(Refusal.Invalid("limit", $"limit must be a number of ranges, not '{limit}'."));
        }

        var outcome = await diffs.DiffAsync(caller.Actor, id, against, offsetBytes, mostRanges, cancellationToken);
        return Answer.From(
            outcome,
            difference => new SnapshotDiffReply(
                id, against, difference.SizeBytes, [.. difference.Ranges.Select(r => new SnapshotRangeRecord(r.OffsetBytes, r.LengthBytes))],
                difference.NextOffsetBytes),
            SkerryJson.Default.SnapshotDiffReply);
    }

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
