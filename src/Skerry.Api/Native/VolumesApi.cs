using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Skerry.Api.Common;
using Skerry.Client.Native.Wire;
using Skerry.Domain;
using Skerry.Domain.Volumes;

namespace Skerry.Api.Native;

/// <summary>Volumes, with what block storage has no word for.</summary>
internal static class VolumesApi
{
    public static void MapVolumes(this RouteGroupBuilder api)
    {
        var volumes = api.MapGroup("/volumes").WithTags("volumes");
        volumes.MapGet("", List).WithSummary("List volumes").Produces<VolumeList>();
        volumes.MapPost("", CreateAsync).WithSummary("Make a volume").Accepts<VolumeCreateRequest>("application/json").Produces<VolumeReply>(202);
        volumes.MapGet("/{id}", Show).WithSummary("Show a volume").Produces<VolumeReply>();
        volumes.MapPatch("/{id}", UpdateAsync).WithSummary("Change a volume").Accepts<VolumeUpdateRequest>("application/json").Produces<VolumeReply>();
        volumes.MapDelete("/{id}", DeleteAsync).WithSummary("Delete a volume").Produces<VolumeReply>(202);
        volumes.MapPost("/{id}/extend", ExtendAsync).WithSummary("Make a volume larger").Accepts<VolumeExtendRequest>("application/json").Produces<VolumeReply>(202);
        volumes.MapPost("/{id}/revert", RevertAsync).WithSummary("Give a volume that nobody uses the content of one of its snapshots")
            .Accepts<VolumeRevertRequest>("application/json").Produces<VolumeReply>(202);
        volumes.MapPost("/{id}/check", CheckAsync).WithSummary("Have a volume's stored blocks read, proved and healed")
            .Accepts<VolumeCheckRequest>("application/json").Produces<VolumeReply>(202);
        volumes.MapPost("/{id}/usage", SurveyAsync).WithSummary("Have it looked up what a volume and its snapshots take, alone and shared")
            .Accepts<VolumeUsageRequest>("application/json").Produces<VolumeReply>(202);
    }

    private static IResult List(
        Caller caller, HttpRequest request, VolumeService volumes, string? name, string? site, string? status, string? all_projects)
    {
        var all = QueryFlag.Parse(nameof(all_projects), all_projects);
        return all.Refusal is { } refusal
            ? new Fault(refusal)
            : Pages.Answer(
                request,
                volumes.List(caller.Actor, new VolumeFilter { AllProjects = all.Value, Name = name, Site = site, Status = status }),
                volume => volume.Id,
                volume => VolumeRecords.Of(volume, caller.Actor),
                (items, links) => new VolumeList(items, links),
                SkerryJson.Default.VolumeList);
    }

    private static async Task<IResult> CreateAsync(
        Caller caller, JsonBody body, VolumeService volumes, CancellationToken cancellationToken)
    {
        if (body.Fault is { } fault)
        {
            return fault;
        }

        var fields = body.Root;
        fields.Allow("name", "description", "size_gib", "type", "site", "source_volume_id", "snapshot_id", "metadata", "encrypted");
        var request = new CreateVolumeRequest
        {
            Name = fields.Text("name"),
            Description = fields.Text("description"),
            SizeGib = fields.Integer("size_gib"),
            Type = fields.Text("type"),
            Site = fields.Text("site"),
            SourceVolumeId = fields.Text("source_volume_id"),
            SourceSnapshotId = fields.Text("snapshot_id"),
            Metadata = fields.TextMap("metadata"),
            Encrypted = fields.Flag("encrypted"),
        };
        return fields.Refusal is { } refusal
            ? new Fault(refusal)
            : Reply(caller, await volumes.CreateAsync(caller.Actor, request, cancellationToken), StatusCodes.Status201Created);
    }

    private static IResult Show(Caller caller, string id, VolumeService volumes) => Reply(caller, volumes.Show(caller.Actor, id));

    private static async Task<IResult> UpdateAsync(
        Caller caller, string id, JsonBody body, VolumeService volumes, CancellationToken cancellationToken)
    {
        if (body.Fault is { } fault)
        {
            return fault;
        }

        var fields = body.Root;
        fields.Allow("name", "description", "metadata");
        var metadata = fields.TextMap("metadata");
        var request = new UpdateVolumeRequest
        {
            Name = fields.Text("name"),
            Description = fields.Text("description"),
            SetMetadata = metadata,
            ReplaceMetadata = metadata is not null,
        };
        return fields.Refusal is { } refusal
            ? new Fault(refusal)
            : Reply(caller, await volumes.UpdateAsync(caller.Actor, id, request, cancellationToken));
    }

    private static async Task<IResult> DeleteAsync(
        Caller caller, string id, string? cascade, VolumeService volumes, CancellationToken cancellationToken)
    {
        var withSnapshots = QueryFlag.Parse(nameof(cascade), cascade);
        return withSnapshots.Refusal is { } refusal
            ? new Fault(refusal)
            : Reply(caller, await volumes.DeleteAsync(caller.Actor, id, withSnapshots.Value, cancellationToken));
    }

    private static async Task<IResult> ExtendAsync(
        Caller caller, string id, JsonBody body, VolumeService volumes, CancellationToken cancellationToken)
    {
        if (body.Fault is { } fault)
        {
            return fault;
        }

        var fields = body.Root;
        fields.Allow("size_gib");
        var sizeGib = fields.Integer("size_gib", required: true);
        return fields.Refusal is { } refusal
            ? new Fault(refusal)
            : Reply(caller, await volumes.ExtendAsync(caller.Actor, id, sizeGib!.Value, cancellationToken));
    }

    private static async Task<IResult> RevertAsync(
        Caller caller, string id, JsonBody body, VolumeService volumes, CancellationToken cancellationToken)
    {
        if (body.Fault is { } fault)
        {
            return fault;
        }

        var fields = body.Root;
        fields.Allow("snapshot_id");
        var snapshot = fields.Text("snapshot_id", required: true);
        return fields.Refusal is { } refusal
            ? new Fault(refusal)
            : Reply(caller, await volumes.RevertAsync(caller.Actor, id, snapshot!, cancellationToken));
    }

    private static Task<IResult> CheckAsync(
        Caller caller, string id, JsonBody body, VolumeService volumes, SiteLabels labels, CancellationToken cancellationToken) =>
        AtSiteAsync(caller, body, labels, siteId => volumes.CheckAsync(caller.Actor, id, siteId, cancellationToken));

    private static Task<IResult> SurveyAsync(
        Caller caller, string id, JsonBody body, VolumeService volumes, SiteLabels labels, CancellationToken cancellationToken) =>
        AtSiteAsync(caller, body, labels, siteId => volumes.SurveyAsync(caller.Actor, id, siteId, cancellationToken));

    /// <summary>What may be asked of any site that holds a copy.</summary>
    private static async Task<IResult> AtSiteAsync(Caller caller, JsonBody body, SiteLabels labels, Func<string?, ValueTask<Outcome<Volume>>> ask)
    {
        if (body.Fault is { } fault)
        {
            return fault;
        }

        var fields = body.Root;
        fields.Allow("site");
        var site = fields.Text("site");
        var siteId = site is null ? null : labels.IdOf(site);
        return fields.Refusal is { } refusal ? new Fault(refusal)
            : site is not null && siteId is null ? new Fault(Refusal.NotFound("site", site))
            : Reply(caller, await ask(siteId));
    }

    private static IResult Reply(Caller caller, Outcome<Volume> outcome, int status = StatusCodes.Status200OK) =>
        Answer.From(
            outcome,
            volume => new VolumeReply(VolumeRecords.Of(volume, caller.Actor), outcome.OperationId),
            SkerryJson.Default.VolumeReply,
            status);
}
