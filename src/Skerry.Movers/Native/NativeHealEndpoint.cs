using System.Net.WebSockets;
using Microsoft.Extensions.Logging;
using Skerry.Blocks;
using Skerry.Blocks.Integrity;
using Skerry.Domain.Replication;
using Skerry.Movers.Native.Wire;

namespace Skerry.Movers.Native;

/// <summary>Gives blocks of a volume to sites that hold copies of it too and lost them.</summary>
public sealed class NativeHealEndpoint(BlockStoreSet stores, ICopyHolders holders, NativeMoverOptions options, TimeProvider time, ILogger<NativeHealEndpoint> logger)
{
    /// <summary>Answers the one question of a link. <paramref name="peer"/> is the site id that the other end has proved. The caller owns the socket.</summary>
    public async Task ServeAsync(WebSocket socket, string peer, CancellationToken cancellationToken)
    {
        using var channel = new FrameChannel(socket, time);
        using var patience = new CancellationTokenSource(options.DeadAfter, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, patience.Token);
        try
        {
            if (await channel.ReceiveAsync(both.Token) is { } frame)
            {
                await AnswerAsync(channel, peer, frame, both.Token);

                // Until the peer has it and closes: what is sent is lost if this end hangs up first.
                await channel.ReceiveAsync(both.Token);
                await channel.CloseAsync("done");
            }
        }
        catch (Exception e) when (e is WebSocketException or IOException or ObjectDisposedException or OperationCanceledException)
        {
            // Whoever asked asks again.
        }
        catch (MoverProtocolException e)
        {
            Log.BadPeer(logger, peer, e.Message);
            await channel.CloseAsync("not understood");
        }
    }

    private async Task AnswerAsync(FrameChannel channel, string peer, Frame frame, CancellationToken cancellationToken)
    {
        if (frame.Kind != FrameKind.Fetch)
        {
            throw new MoverProtocolException($"The peer began with a frame of kind {frame.Kind}, not with a fetch.");
        }

        var fetch = frame.Json(MoverJson.Default.FetchMessage);
        var refusal = fetch.Version != HelloMessage.CurrentVersion
                ? $"This site speaks version {HelloMessage.CurrentVersion} of the native mover, not {fetch.Version}."
            : fetch.Blocks.Count is 0 or > FoundFrame.MaxBlocks
                ? $"{fetch.Blocks.Count} blocks were asked for; 1 to {FoundFrame.MaxBlocks} are given at once."
            : !holders.IsHolder(fetch.VolumeId, peer) || stores.FindVolume(fetch.VolumeId) is null
                ? $"This site has no copy of volume {fetch.VolumeId} for you."
            : null;
        if (refusal is not null)
        {
            await channel.SendAsync(FrameKind.Refused, new RefusedMessage(refusal, null, IsTemporary: true, 0), MoverJson.Default.RefusedMessage, cancellationToken);
            return;
        }

        var found = await FindAsync(fetch, cancellationToken);
        using var answer = FoundFrame.Build(found);
        await channel.SendAsync(answer, cancellationToken);
        Log.Gave(logger, peer, fetch.Blocks.Count, fetch.VolumeId, found.Count(block => block is not null));
    }

    private async Task<byte[]?[]> FindAsync(FetchMessage fetch, CancellationToken cancellationToken)
    {
        try
        {
            var volume = await stores.FindVolume(fetch.VolumeId)!.Value.Store.OpenAsync(fetch.VolumeId, cancellationToken);
            return [.. fetch.Blocks.Select(block => volume.FindBlock(new LostBlock(block.OffsetBytes, block.Crc)))];
        }
        catch (BlockException)
        {
            // Deleted meanwhile, or the store is closing.
            return new byte[]?[fetch.Blocks.Count];
        }
    }
}
