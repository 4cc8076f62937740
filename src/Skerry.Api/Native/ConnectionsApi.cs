using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Skerry.Api.Common;
using Skerry.Client.Native.Wire;
using Skerry.Domain;
using Skerry.Domain.Volumes;

namespace Skerry.Api.Native;

/// <summary>Ways to the blocks of volumes and snapshots. The secret is in the reply that makes one, and nowhere else.</summary>
internal static class ConnectionsApi
{
    public static void MapConnections(this RouteGroupBuilder api)
    {
        var volume = api.MapGroup("/volumes/{id}/connections").WithTags("connections");
        volume.MapGet("", List).WithSummary("List a volume's connections").Produces<ConnectionList>();
        volume.MapPost("", ConnectAsync).WithSummary("Connect a volume")
            .Accepts<Client.Native.Wire.ConnectRequest>("application/json").Produces<ConnectionReply>(201);
        volume.MapDelete("/{connection}", DisconnectAsync).WithSummary("End a connection").Produces(204);
        api.MapPost("/snapshots/{id}/connections", ConnectSnapshotAsync).WithTags("connections").WithSummary("Connect a snapshot, read-only")
            .Accepts<Client.Native.Wire.ConnectRequest>("application/json").Produces<ConnectionReply>(201);
    }

    private static IResult List(Caller caller, HttpRequest request, string id, ConnectionService connections, SiteLabels labels)
    {
        var all = connections.List(caller.Actor, id);
        return all.Refusal is { } refusal
            ? new Fault(refusal)
            : Pages.Answer(
                request,
                all.Value,
                connection => connection.Id,
                connection => VolumeRecords.Of(connection, labels),
                (items, links) => new ConnectionList(items, links),
                SkerryJson.Default.ConnectionList);
    }

    private static Task<IResult> ConnectAsync(
        Caller caller, string id, JsonBody body, ConnectionService connections, SiteLabels labels, CancellationToken cancellationToken) =>
        MakeAsync(caller, id, null, body, connections, labels, cancellationToken);

    private static async Task<IResult> ConnectSnapshotAsync(
        Caller caller,
        string id,
        JsonBody body,
        SnapshotService snapshots,
        ConnectionService connections,
        SiteLabels labels,
        CancellationToken cancellationToken)
    {
        var snapshot = snapshots.Show(caller.Actor, id);
        return snapshot.Refusal is { } refusal
            ? new Fault(refusal)
            : await MakeAsync(caller, snapshot.Value.VolumeId, id, body, connections, labels, cancellationToken);
    }

    private static async Task<IResult> DisconnectAsync(
        Caller caller, string id, string connection, ConnectionService connections, CancellationToken cancellationToken)
    {
        var ended = await connections.DisconnectAsync(caller.Actor, id, connection, cancellationToken);
        return ended is { IsRefused: false, Value: 0 }
            ? new Fault(Refusal.NotFound("connection", connection))
            : Answer.Empty(ended);
    }

    private static async Task<IResult> MakeAsync(
        Caller caller,
        string volumeId,
        string? snapshotId,
        JsonBody body,
        ConnectionService connections,
        SiteLabels labels,
        CancellationToken cancellationToken)
    {
        if (body.Fault is { } fault)
        {
            return fault;
        }

        var fields = body.Root;
        fields.Allow("read_only", "host_note", "client_name");
        var request = new Domain.Volumes.ConnectRequest(volumeId)
        {
            SnapshotId = snapshotId,
            ReadOnly = (fields.Flag("read_only") ?? false) || snapshotId is not null,
            HostNote = fields.Text("host_note"),
            ClientName = fields.Text("client_name"),
        };
        return fields.Refusal is { } refusal
            ? new Fault(refusal)
            : Answer.From(
                await connections.ConnectAsync(caller.Actor, request, cancellationToken),
                grant => new ConnectionReply(VolumeRecords.Of(grant.Connection, labels, grant.Uri)),
                SkerryJson.Default.ConnectionReply,
                StatusCodes.Status201Created);
    }
}
