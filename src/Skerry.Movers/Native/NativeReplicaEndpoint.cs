using System.Net.WebSockets;
using Microsoft.Extensions.Logging;
using Skerry.Blocks;
using Skerry.Domain;
using Skerry.Domain.Replication;
using Skerry.Movers.Native.Wire;

namespace Skerry.Movers.Native;

/// <summary>Takes the links of sources: the listening end of the native mover.</summary>
public sealed class NativeReplicaEndpoint(
    NativeReplicas replicas, IReplicaAdmission admission, NativeMoverOptions options, TimeProvider time,
    ILogger<NativeReplicaEndpoint> logger)
{
    /// <summary>For so long a peer may take to hear the last word.</summary>
    private static readonly TimeSpan LastWord = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Serves one link until it ends. <paramref name="peer"/> is the site id that the other end has proved; what it may do here is
    /// judged by the replicated state. The caller owns the socket.
    /// </summary>
    public async Task ServeAsync(WebSocket socket, string peer, CancellationToken cancellationToken)
    {
        using var channel = new FrameChannel(socket, time);
        var incoming = new IncomingFrames(channel);
        var receiving = incoming.RunAsync(cancellationToken);
        try
        {
            await ServeAsync(channel, incoming, peer, cancellationToken);
        }
        catch (OperationCanceledException)
        {
            await channel.CloseAsync("ended");
        }
        catch (Exception e) when (e is WebSocketException or IOException or ObjectDisposedException)
        {
            Log.LinkLost(logger, peer, e.Message);
        }
        catch (MoverProtocolException e)
        {
            Log.BadPeer(logger, peer, e.Message);
            await RefuseAsync(channel, new RefusedMessage(e.Message, null, IsTemporary: true, 0));
        }
        finally
        {
            // What is sent is lost if this end hangs up first, the more so with something unread: so until the peer has it and closes.
            await incoming.DiscardAsync(LastWord, time);
            channel.Abort();
            await receiving;
            incoming.Clear();
        }
    }

    private async Task ServeAsync(FrameChannel channel, IncomingFrames incoming, string peer, CancellationToken cancellationToken)
    {
        var hello = await ReceiveHelloAsync(incoming, cancellationToken);
        if (hello is null)
        {
            return;
        }

        AdmissionVerdict Judge() => admission.Judge(hello.ReplicationId, hello.VolumeId, peer, hello.Generation, hello.GenerationId);

        if (hello.Version != HelloMessage.CurrentVersion)
        {
            await RefuseAsync(channel, new RefusedMessage(
                $"The source speaks version {hello.Version} of the native mover; this site speaks {HelloMessage.CurrentVersion}.",
                "Bring both sites to the same version.", IsTemporary: false, 0, RefusalCodes.Version));
            return;
        }

        if (Judge() is { Refusal: { } refusal } verdict)
        {
            await RefuseAsync(channel, new RefusedMessage(refusal.Message, refusal.NextStep, verdict.IsTemporary, verdict.Generation));
            return;
        }

        if (Judge().IsCiphertextOnly != hello.IsCiphertext)
        {
            await RefuseAsync(channel, new RefusedMessage(
                $"This site holds {(hello.IsCiphertext ? "" : "only ciphertext of ")}volume {hello.VolumeId}{(hello.IsCiphertext ? " as it is" : "")}, and its source sends it {(hello.IsCiphertext ? "as ciphertext" : "in the clear")}.",
                "Bring the source's site to the version of this one.", IsTemporary: true, hello.Generation, RefusalCodes.Key));
            return;
        }

        var slot = replicas.Slot(hello.VolumeId);
        using var session = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        if (!await slot.EnterAsync(session, cancellationToken))
        {
            await RefuseAsync(channel, new RefusedMessage(
                $"The copy of volume {hello.VolumeId} here is being promoted.", null, IsTemporary: true, hello.Generation));
            return;
        }

        try
        {
            await ServeCopyAsync(channel, incoming, slot, hello, Judge, session.Token);
        }
        finally
        {
            slot.Leave();
        }
    }

    private async Task ServeCopyAsync(
        FrameChannel channel, IncomingFrames incoming, ReplicaSlot slot, HelloMessage hello, Func<AdmissionVerdict> judge,
        CancellationToken cancellationToken)
    {
        try
        {
            var copy = await replicas.OpenOrCreateAsync(slot, judge(), hello.SizeBytes, cancellationToken);
            slot.LastHeard = new ReplicaSlot.Heard(time.GetUtcNow(), slot.LastHeard?.PrimaryNumber ?? 0, slot.LastHeard?.OwedBytes);
            try
            {
                await new ReplicaSession(channel, incoming, slot, copy, hello, judge, admission, options, time).RunAsync(cancellationToken);
            }
            finally
            {
                await NativeReplicas.RestAsync(copy);

                // A step may have failed half-way; the next session finds out from the disk where the copy is.
                slot.Copy = null;
            }
        }
        catch (ReplicaRefusedException e)
        {
            slot.Trouble = Refusal.State(e.Refused.Message, e.Refused.NextStep);
            slot.Visited();
            await RefuseAsync(channel, e.Refused);
        }
        catch (BlockException e)
        {
            // A full or failing disk here is told at both sites; the source asks again in its own time.
            slot.Trouble = Refusal.State($"The copy of volume {hello.VolumeId} here cannot be written: {e.Message}");
            Log.CopyFailed(logger, hello.VolumeId, e.Message);
            await RefuseAsync(channel, new RefusedMessage(slot.Trouble.Message, null, IsTemporary: true, hello.Generation, e.Error == BlockError.NoSpace ? RefusalCodes.Space : RefusalCodes.Disk));
        }
    }

    private async ValueTask<HelloMessage?> ReceiveHelloAsync(IncomingFrames incoming, CancellationToken cancellationToken)
    {
        using var patience = new CancellationTokenSource(options.DeadAfter, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, patience.Token);
        using var owned = await incoming.NextAsync(both.Token);
        return owned?.Frame switch
        {
            null => null,
            { Kind: FrameKind.Hello } frame when frame.Json(MoverJson.Default.HelloMessage) is var hello =>
                options.Features is null ? hello with { Features = null } : hello,
            { } other => throw new MoverProtocolException($"The source began with a frame of kind {other.Kind}, not with a hello."),
        };
    }

    private async ValueTask RefuseAsync(FrameChannel channel, RefusedMessage refused)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(1), time);
        try
        {
            await channel.SendAsync(FrameKind.Refused, refused, MoverJson.Default.RefusedMessage, patience.Token);
            await channel.CloseAsync("refused");
        }
        catch (Exception e) when (e is WebSocketException or IOException or OperationCanceledException or ObjectDisposedException)
        {
            // The source learns it the next time that it asks.
        }
    }
}
