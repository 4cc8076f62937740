using System.Globalization;
using Skerry.Client.Native.Wire;

namespace Skerry.Cli.Snapshot;

/// <summary>Which files of an ext4 file system have blocks in given ranges of its disk, as <c>debugfs</c> finds them.</summary>
/// <remarks>
/// It reads the file system as it lies on the disk, without its journal replayed, as a disk is after a loss of power: a file whose
/// metadata was only in the journal may be missed. What lies in no file is told as one row: metadata, or space that is free.
/// </remarks>
internal sealed class Ext4Files(string path)
{
    // An argument may have 128 KiB, and a block number at most 16 digits.
    private const int BlocksAtOnce = 7_500;
    private const int MostBlocks = 4_000_000;
    private const long JournalInode = 8;

    public async Task<IReadOnlyList<SnapshotDifferenceRow>> InAsync(
        IReadOnlyList<SnapshotRangeRecord> ranges, CancellationToken cancellationToken)
    {
        var blockBytes = await BlockBytesAsync(cancellationToken);
        if (ranges.Sum(r => r.LengthBytes) / blockBytes > MostBlocks)
        {
            throw new DidNotSucceedException(
                $"More than {MostBlocks} blocks differ, too many to look up one by one.", "Look at a part of the disk with --offset and --limit.");
        }

        var bytes = new Dictionary<long, long>();
        long inNone = 0;
        foreach (var blocks in Blocks(ranges, blockBytes).Chunk(BlocksAtOnce))
        {
            var found = await LinesAsync("icheck", blocks, cancellationToken);
            foreach (var columns in found.Where(c => c.Length == 2))
            {
                if (long.TryParse(columns[1], NumberStyles.None, CultureInfo.InvariantCulture, out var inode))
                {
                    bytes[inode] = bytes.GetValueOrDefault(inode) + blockBytes;
                }
                else
                {
                    inNone += blockBytes;
                }
            }
        }

        var names = new Dictionary<long, string>();
        foreach (var inodes in bytes.Keys.Where(i => i != JournalInode).Chunk(BlocksAtOnce))
        {
            foreach (var columns in (await LinesAsync("ncheck", inodes, cancellationToken)).Where(c => c.Length == 2))
            {
                if (long.TryParse(columns[0], NumberStyles.None, CultureInfo.InvariantCulture, out var inode))
                {
                    names.TryAdd(inode, columns[1].StartsWith("//", StringComparison.Ordinal) ? columns[1][1..] : columns[1]);
                }
            }
        }

        var rows = bytes.Select(b => new SnapshotDifferenceRow(
            null, b.Value, b.Key == JournalInode ? "(journal)" : names.GetValueOrDefault(b.Key, "(no name)"), b.Key))
            .OrderBy(r => r.Path, StringComparer.Ordinal).ToList();
        return inNone == 0 ? rows : [.. rows, new SnapshotDifferenceRow(null, inNone, null, null)];
    }

    private async Task<long> BlockBytesAsync(CancellationToken cancellationToken)
    {
        var (output, talk, _) = await Tool.RunAsync("debugfs", ["-R", "show_super_stats -h", path], cancellationToken);
        var line = output.Split('\n').FirstOrDefault(l => l.StartsWith("Block size:", StringComparison.Ordinal));
        return line is not null && long.TryParse(line["Block size:".Length..].Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var size)
            ? size
            : throw new DidNotSucceedException(
                $"No ext4 file system begins at the start of the disk: {talk.Split('\n').LastOrDefault(l => l.Trim().Length > 0)?.Trim()}",
                "Partitions, logical volumes, encryption inside and other file systems cannot be looked into; connect the snapshot and mount it.");
    }

    private async Task<IEnumerable<string[]>> LinesAsync(string command, IEnumerable<long> numbers, CancellationToken cancellationToken)
    {
        var (output, talk, isDone) = await Tool.RunAsync("debugfs", ["-R", $"{command} {string.Join(' ', numbers)}", path], cancellationToken);
        return isDone
            ? output.Split('\n').Skip(1).Select(l => l.Split('\t', 2))
            : throw new DidNotSucceedException($"debugfs could not read the file system: {talk.Trim()}");
    }

    private static IEnumerable<long> Blocks(IReadOnlyList<SnapshotRangeRecord> ranges, long blockBytes)
    {
        var next = 0L;
        foreach (var range in ranges.OrderBy(r => r.OffsetBytes))
        {
            for (next = Math.Max(next, range.OffsetBytes / blockBytes); next * blockBytes < range.OffsetBytes + range.LengthBytes; next++)
            {
                yield return next;
            }
        }
    }
}
