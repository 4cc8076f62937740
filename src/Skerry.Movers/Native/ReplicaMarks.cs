using Skerry.Blocks;
using Skerry.Domain.Groups;

namespace Skerry.Movers.Native;

/// <summary>The states at cuts of its group that a copy keeps: a snapshot for each.</summary>
/// <remarks>Safe for concurrent use with everything that is done to the copy, since snapshots are made and dropped in the volume's own order.</remarks>
internal static class ReplicaMarks
{
    private const string Prefix = "mark-";

    public static string SnapshotOf(Cut cut) => Prefix + cut.Id;

    public static IReadOnlyList<KeptMark> List(BlockVolume volume, Lineage whole)
    {
        var marks = new List<KeptMark>();
        var point = ReplicaCopy.PointOf(volume);
        foreach (var snapshot in volume.Snapshots)
        {
            if (snapshot.Id.StartsWith(Prefix, StringComparison.Ordinal) && Cut.Parse(snapshot.Id[Prefix.Length..]) is { } cut)
            {
                var lineage = snapshot.Lineage;
                marks.Add(new KeptMark(
                    cut, lineage.Runs is [.., var last] ? last.Generation : 0, lineage.LastNumber, lineage.IsPrefixOf(whole))
                {
                    TakenAtHere = point?.Here(cut.TakenAt),
                });
            }
        }

        return marks;
    }

    public static SnapshotInfo? Find(BlockVolume volume, Cut cut) =>
        volume.Snapshots.FirstOrDefault(s => string.Equals(s.Id, SnapshotOf(cut), StringComparison.Ordinal));

    public static async ValueTask DropAsync(BlockVolume volume, IEnumerable<Cut> cuts, CancellationToken cancellationToken)
    {
        foreach (var cut in cuts)
        {
            await volume.DeleteSnapshotAsync(SnapshotOf(cut), cancellationToken);
        }
    }
}
