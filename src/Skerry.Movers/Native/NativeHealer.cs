using System.Net.WebSockets;
using Microsoft.Extensions.Logging;
using Skerry.Blocks.Integrity;
using Skerry.Domain.Replication;
using Skerry.Domain.Sites;
using Skerry.Movers.Native.Wire;
using Skerry.State.Clocks;

namespace Skerry.Movers.Native;

/// <summary>Asks the sites that hold copies of a volume for blocks that went bad here, one after the other until all are found.</summary>
public sealed class NativeHealer(ISiteDialer dialer, ICopyHolders holders, NativeMoverOptions options, TimeProvider time, ILogger<NativeHealer> logger) : IBlockHealer
{
    /// <summary>The path of the sync listener under which <see cref="NativeHealEndpoint"/> is served; a site of an older version does not know it.</summary>
    public const string Path = "/movers/native/blocks";

    public async ValueTask<IReadOnlyList<byte[]?>> FetchAsync(string volumeId, IReadOnlyList<LostBlock> blocks, CancellationToken cancellationToken)
    {
        var found = new byte[]?[blocks.Count];
        var sites = holders.Others(volumeId);
        if (sites.Count == 0)
        {
            Log.NobodyToAsk(logger, volumeId, blocks.Count, blocks[0].OffsetBytes);
        }

        foreach (var site in sites)
        {
            var missing = Enumerable.Range(0, blocks.Count).Where(i => found[i] is null).ToList();
            if (missing.Count == 0)
            {
                break;
            }

            try
            {
                var answer = await AskAsync(site, volumeId, [.. missing.Select(i => blocks[i])], cancellationToken);
                for (var i = 0; i < missing.Count; i++)
                {
                    found[missing[i]] = answer[i];
                }

                Log.Fetched(logger, volumeId, missing.Count, blocks[missing[0]].OffsetBytes, site, answer.Count(block => block is not null));
            }
            catch (Exception e) when (e is IOException or WebSocketException or MoverProtocolException or ObjectDisposedException
                || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
            {
                Log.NotFetched(logger, volumeId, missing.Count, blocks[missing[0]].OffsetBytes, site, e.Message);
            }
        }

        return found;
    }

    private async Task<byte[]?[]> AskAsync(string site, string volumeId, IReadOnlyList<LostBlock> blocks, CancellationToken cancellationToken)
    {
        using var patience = new CancellationTokenSource(options.DeadAfter, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, patience.Token);
        using var socket = await dialer.ConnectAsync(SiteId.Parse(site), Path, both.Token);
        using var channel = new FrameChannel(socket, time);
        await channel.SendAsync(
            FrameKind.Fetch,
            new FetchMessage(HelloMessage.CurrentVersion, volumeId, [.. blocks.Select(block => new LostBlockDocument(block.OffsetBytes, block.Crc))]),
            MoverJson.Default.FetchMessage,
            both.Token);
        var answer = await channel.ReceiveAsync(both.Token) switch
        {
            { Kind: FrameKind.Found } frame => FoundFrame.Read(frame, blocks.Count),
            { Kind: FrameKind.Refused } frame => throw new MoverProtocolException(frame.Json(MoverJson.Default.RefusedMessage).Message),
            null => throw new IOException("it closed the link without an answer"),
            { } other => throw new MoverProtocolException($"it answered with a frame of kind {other.Kind}"),
        };
        await channel.CloseAsync("done");
        return answer;
    }
}
