using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Skerry.Api.Common;
using Skerry.Domain;
using Skerry.Domain.Volumes;

namespace Skerry.Api.OpenStack.BlockStorage;

/// <summary>What <c>POST /volumes/{id}/action</c> can do; the name of the body's only member says what.</summary>
internal static class VolumeActionsApi
{
    public static void MapVolumeActions(this RouteGroupBuilder v3) => v3.MapPost("/volumes/{id}/action", RunAsync);

    private static async Task<IResult> RunAsync(
        string id,
        JsonBody body,
        Caller caller,
        Microversion? version,
        VolumeService volumes,
        ConnectionService connections,
        AttachmentService attachments,
        CancellationToken cancellationToken)
    {
        if (body.Fault is { } fault)
        {
            return fault;
        }

        if (body.Action() is not var (name, fields))
        {
            return new Fault(Refusal.Invalid("action", "The body must be an object with one member, the action."));
        }

        var target = new Target(caller.Actor, id, fields, cancellationToken);
        return name switch
        {
            "os-extend" => await ExtendAsync(target, volumes, version!.Value),
            "revert" when version!.Value.IsAtLeast(40) => await RevertAsync(target, volumes),
            "os-reset_status" => await ResetStatusAsync(target, volumes),
            "os-set_bootable" => await SetBootableAsync(target, volumes),
            "os-update_readonly_flag" => UpdateReadOnly(target, volumes),
            "os-force_delete" => await ForceDeleteAsync(target, volumes),
            "os-show_image_metadata" => Reply.From(
                volumes.Show(caller.Actor, id), StatusCodes.Status200OK, _ => new JsonObject { ["metadata"] = new JsonObject() }),
            "os-initialize_connection" => await ConnectAsync(target, connections),
            "os-terminate_connection" => await DisconnectAsync(target, connections),
            "os-reserve" => Accepted(await attachments.ReserveAsync(caller.Actor, id, cancellationToken)),
            "os-unreserve" => Accepted(await attachments.UnreserveAsync(caller.Actor, id, cancellationToken)),
            "os-begin_detaching" => Accepted(await attachments.BeginDetachingAsync(caller.Actor, id, cancellationToken)),
            "os-roll_detaching" => Accepted(await attachments.RollDetachingAsync(caller.Actor, id, cancellationToken)),
            "os-attach" => await AttachAsync(target, attachments),
            "os-detach" => await DetachAsync(target, attachments),
            _ => new Fault(Refusal.Invalid("action", $"There is no such action: {name}.")),
        };
    }

    /// <summary>Volumes in use can be extended since version 3.42; who asks for less gets the older guard.</summary>
    private static async Task<IResult> ExtendAsync(Target target, VolumeService volumes, Microversion version)
    {
        var size = target.Fields.Integer("new_size", required: true) ?? 0;
        if (target.Fields.Refusal is { } refusal)
        {
            return new Fault(refusal);
        }

        if (!version.IsAtLeast(42) && volumes.Show(target.Actor, target.Id) is { IsRefused: false, Value.Status: VolumeStatus.InUse })
        {
            return new Fault(Refusal.State(
                $"Invalid volume: Volume {target.Id} status must be available to extend, currently in-use.",
                "Ask with version 3.42 or newer to extend a volume in use."));
        }

        return Accepted(await volumes.ExtendAsync(target.Actor, target.Id, size, target.CancellationToken));
    }

    /// <summary>Since version 3.40, to the newest snapshot there; here to any.</summary>
    private static async Task<IResult> RevertAsync(Target target, VolumeService volumes)
    {
        var snapshot = target.Fields.Text("snapshot_id", required: true) ?? "";
        return target.Fields.Refusal is { } refusal
            ? new Fault(refusal)
            : Accepted(await volumes.RevertAsync(target.Actor, target.Id, snapshot, target.CancellationToken));
    }

    private static async Task<IResult> ResetStatusAsync(Target target, VolumeService volumes)
    {
        var status = target.Fields.Text("status", required: true) ?? "";
        return target.Fields.Refusal is { } refusal
            ? new Fault(refusal)
            : Accepted(await volumes.ResetStatusAsync(target.Actor, target.Id, status, target.CancellationToken));
    }

    private static async Task<IResult> SetBootableAsync(Target target, VolumeService volumes)
    {
        var flag = target.Fields.Flag("bootable", required: true);
        return target.Fields.Refusal is { } refusal
            ? new Fault(refusal)
            : Reply.From(
                await volumes.UpdateAsync(
                    target.Actor, target.Id, new UpdateVolumeRequest { IsBootable = flag }, target.CancellationToken),
                StatusCodes.Status200OK);
    }

    /// <summary>Volumes can be written; who must not write gets a read-only connection.</summary>
    private static IResult UpdateReadOnly(Target target, VolumeService volumes)
    {
        if (target.Fields.Flag("readonly", required: true) == true)
        {
            target.Fields.Fail("readonly", "A volume cannot be made read-only as a whole; attach it with mode ro.");
        }

        return target.Fields.Refusal is { } refusal ? new Fault(refusal) : Accepted(volumes.Show(target.Actor, target.Id));
    }

    /// <summary>Deletes whatever the status says; what still uses the volume or follows it can refuse nonetheless.</summary>
    private static async Task<IResult> ForceDeleteAsync(Target target, VolumeService volumes)
    {
        if (!target.Actor.IsAdmin)
        {
            return new Fault(new Refusal(
                RefusalKind.NotAllowed, "Policy doesn't allow volume_extension:volume_admin_actions:force_delete to be performed."));
        }

        var reset = await volumes.ResetStatusAsync(target.Actor, target.Id, VolumeStatus.Error, target.CancellationToken);
        return reset.Refusal is { } refusal
            ? new Fault(refusal)
            : Accepted(await volumes.DeleteAsync(target.Actor, target.Id, cascade: true, target.CancellationToken));
    }

    private static async Task<IResult> ConnectAsync(Target target, ConnectionService connections)
    {
        var connector = target.Fields.Object("connector", required: true)!;
        var request = new ConnectRequest(target.Id)
        {
            HostNote = connector.Text("host"),
            ReadOnly = connector.Text("mode") == "ro",
        };
        return target.Fields.Refusal is { } refusal
            ? new Fault(refusal)
            : Reply.From(
                await connections.ConnectAsync(target.Actor, request, target.CancellationToken),
                StatusCodes.Status200OK,
                grant => new JsonObject
                {
                    ["connection_info"] = new JsonObject
                    {
                        ["driver_volume_type"] = "nbd",
                        ["data"] = new JsonObject
                        {
                            ["uri"] = grant.Uri,
                            ["host"] = grant.Host,
                            ["port"] = grant.Port,
                            ["export_name"] = grant.ExportName,
                            ["volume_id"] = target.Id,
                            ["access_mode"] = grant.Connection.ReadOnly ? "ro" : "rw",
                            ["discard"] = true,
                            ["encrypted"] = false,
                        },
                    },
                });
    }

    /// <summary>Ends the connections that the connector's host made; all of them when it names no host.</summary>
    private static async Task<IResult> DisconnectAsync(Target target, ConnectionService connections)
    {
        var host = target.Fields.Object("connector")?.Text("host");
        if (target.Fields.Refusal is { } refusal)
        {
            return new Fault(refusal);
        }

        if (host is null)
        {
            return Accepted(await connections.DisconnectAsync(target.Actor, target.Id, null, target.CancellationToken));
        }

        var listed = connections.List(target.Actor, target.Id);
        if (listed.IsRefused)
        {
            return new Fault(listed.Refusal!);
        }

        var last = new Outcome<int>();
        foreach (var connection in listed.Value.Where(connection => connection.HostNote == host))
        {
            last = await connections.DisconnectAsync(target.Actor, target.Id, connection.Id, target.CancellationToken);
            if (last.IsRefused)
            {
                break;
            }
        }

        return Accepted(last);
    }

    private static async Task<IResult> AttachAsync(Target target, AttachmentService attachments)
    {
        var mode = target.Fields.Text("mode") ?? "rw";
        if (mode is not ("rw" or "ro"))
        {
            target.Fields.Fail("mode", "mode must be rw or ro.");
        }

        var request = new AttachRequest(target.Id)
        {
            InstanceId = target.Fields.Text("instance_uuid"),
            HostName = target.Fields.Text("host_name"),
            MountPoint = target.Fields.Text("mountpoint", required: true),
            ReadOnly = mode == "ro",
        };
        if (request is { InstanceId: null, HostName: null })
        {
            target.Fields.Fail("instance_uuid", "instance_uuid or host_name must be given.");
        }

        return target.Fields.Refusal is { } refusal
            ? new Fault(refusal)
            : Accepted(await attachments.AttachAsync(target.Actor, request, target.CancellationToken));
    }

    private static async Task<IResult> DetachAsync(Target target, AttachmentService attachments)
    {
        var attachmentId = target.Fields.Text("attachment_id");
        return target.Fields.Refusal is { } refusal
            ? new Fault(refusal)
            : Accepted(await attachments.DetachAsync(target.Actor, target.Id, attachmentId, target.CancellationToken));
    }

    private static IResult Accepted<T>(Outcome<T> outcome) => Reply.From(outcome, StatusCodes.Status202Accepted);

    /// <summary>Who asks what of which volume.</summary>
    private sealed record Target(Actor Actor, string Id, JsonFields Fields, CancellationToken CancellationToken);
}
