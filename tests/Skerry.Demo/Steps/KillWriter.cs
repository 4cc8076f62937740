using System.Buffers.Binary;
using Skerry.TestKit.Processes;

namespace Skerry.Demo.Steps;

/// <summary>A write that was acknowledged as durable: a file, or a stamped block.</summary>
internal sealed record Acknowledged(string Path, byte[] Content, DateTimeOffset At);

/// <summary>The writer that is running when its site is killed, and the judge of what survived.</summary>
internal static class KillWriter
{
    private const int BlockSize = 4096;

    /// <summary>Files where the file system is mounted; else stamped blocks in the last 64 MiB of the volume, behind the file system's data.</summary>
    public static async Task<IReadOnlyList<Acknowledged>> WriteUntilCutAsync(this Story story, CancellationToken cancellationToken)
    {
        var acknowledged = new List<Acknowledged>();
        try
        {
            if (story.Mounted is { } mounted)
            {
                for (var i = 0; ; i++)
                {
                    var path = $"last-words/{i:0000}.txt";
                    var content = FileWriter.Content(path, i);
                    var at = await FileWriter.WriteAsync(mounted.FileSystem, path, content, cancellationToken);
                    acknowledged.Add(new(path, content, at));
                }
            }

            var uri = await VolumeStep.ConnectAsync(story.Stage.North, await StampVolumeAsync(story, cancellationToken), cancellationToken);
            await using var client = await NbdClient.ConnectAsync(new Uri(uri), cancellationToken);
            for (var i = 0; ; i++)
            {
                var block = Stamp(i);
                await client.WriteAsync(i % 1024 * BlockSize, block, cancellationToken);
                await client.FlushAsync(cancellationToken);
                acknowledged.Add(new($"block {i % 1024}", block, DateTimeOffset.UtcNow));
            }
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or System.Net.Sockets.SocketException)
        {
            return acknowledged;
        }
    }

    /// <summary>Requires of the promoted side all that was acknowledged up to the recovery point.</summary>
    public static async Task StampsOrFilesAsync(
        this Story story, IReadOnlyList<Acknowledged> acknowledged, DateTimeOffset recoveryPoint, CancellationToken cancellationToken)
    {
        var promised = acknowledged.Where(a => a.At <= recoveryPoint).ToList();
        story.Say($"{promised.Count} of the {acknowledged.Count} were acknowledged before the recovery point");
        if (story.CanMount)
        {
            // The file system's own check, on the clone, compares these byte for byte.
            promised.ForEach(p => story.Files.Add(p.Path, p.Content));
            return;
        }

        var stamps = await StampVolumeAsync(story, cancellationToken);
        (await story.Stage.South.SkerryAsync(cancellationToken, "volume", "failover", stamps, "--to", "south", "--force", "--yes", "--wait")).Require();
        var uri = await VolumeStep.ConnectAsync(story.Stage.South, stamps, cancellationToken);
        await using var client = await NbdClient.ConnectAsync(new Uri(uri), cancellationToken);
        var latest = promised.Select((p, i) => (p.Path, i)).GroupBy(p => p.Path).ToDictionary(g => g.Key, g => g.Max(p => p.i));
        foreach (var (path, index) in latest)
        {
            var block = new byte[BlockSize];
            await client.ReadAsync(long.Parse(path[6..]) * BlockSize, block, cancellationToken);
            var found = BinaryPrimitives.ReadInt64LittleEndian(block);
            Story.Require(found >= index && block.AsSpan().SequenceEqual(Stamp(found)), $"{path} holds stamp {found}, though {index} was promised");
        }

        story.Prove("stamped blocks up to the recovery point survive", $"{latest.Count} blocks");
    }

    private static byte[] Stamp(long number)
    {
        var block = new byte[BlockSize];
        for (var at = 0; at < BlockSize; at += 8)
        {
            BinaryPrimitives.WriteInt64LittleEndian(block.AsSpan(at), at == 0 ? number : unchecked(number * 0x9E3779B97F4A7C1 + at));
        }

        return block;
    }

    /// <summary>The replicated volume for stamps, made when first asked for.</summary>
    private static async Task<string> StampVolumeAsync(Story story, CancellationToken cancellationToken)
    {
        if (story.StampVolumeId is { } known)
        {
            return known;
        }

        var north = story.Stage.North;
        var volume = await north.JsonAsync(cancellationToken, "volume", "create", "stamps", "--size", "1", "--site", "north", "--wait");
        story.StampVolumeId = volume.GetProperty("id").GetString()!;
        await north.JsonAsync(cancellationToken, "replication", "create", story.StampVolumeId, "--to", "south", "--mode", "instant", "--wait");
        return story.StampVolumeId;
    }
}
