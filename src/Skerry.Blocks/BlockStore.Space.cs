using Skerry.Blocks.Log;
using Skerry.Blocks.Maps;

namespace Skerry.Blocks;

/// <summary>What a volume takes, in bytes.</summary>
/// <param name="VolumeId">Its name.</param>
/// <param name="AllocatedBytes">What its head has stored, shared or not.</param>
/// <param name="ExclusiveBytes">What deleting it with its snapshots would give back.</param>
/// <param name="SharedBytes">What it, or a snapshot of it, uses and other volumes use too.</param>
/// <param name="HeadBytes">Of the exclusive bytes, what the head alone uses.</param>
/// <param name="Snapshots">For each snapshot by name, what deleting it alone would give back.</param>
public sealed record VolumeSpace(
    string VolumeId, long AllocatedBytes, long ExclusiveBytes, long SharedBytes, long HeadBytes, IReadOnlyDictionary<string, long> Snapshots);

/// <summary>What all volumes take, in bytes.</summary>
/// <param name="Volumes">Each of them, in the order in which they were made.</param>
/// <param name="LiveBytes">What is in use, each block once.</param>
/// <param name="SharedBytes">Of these, what several volumes use.</param>
/// <param name="IsComplete">False when a part of a map was damaged: then some that is in use, or shared, is not known.</param>
public sealed record SpaceSurvey(IReadOnlyList<VolumeSpace> Volumes, long LiveBytes, long SharedBytes, bool IsComplete);

/// <content>Who takes how much.</content>
public sealed partial class BlockStore
{
    private int _walks;

    /// <summary>
    /// Looks up who uses each block, as of one instant. It walks what each volume uses once, and what several maps share a few times more,
    /// however many they are. It runs beside I/O; meanwhile it takes 4 bytes of memory for each block in use, and writes copy the nodes of
    /// the map that they change.
    /// </summary>
    public async ValueTask<SpaceSurvey> SurveyAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        RequireOpen();
        Checkpoint? captured = null;
        try
        {
            await ChangeAsync(() => null, () => captured = Checkpoint.Capture(_state, _writer.Position, _segments.NextId, []), cancellationToken);
            return await Task.Run(() => Survey(captured!, cancellationToken), cancellationToken);
        }
        finally
        {
            captured?.Release();
        }
    }

    private SpaceSurvey Survey(Checkpoint captured, CancellationToken cancellationToken)
    {
        var volumes = captured.Volumes;
        var maps = captured.Maps.ToList();
        var volumeOf = volumes.SelectMany((volume, index) => Enumerable.Repeat(index, 1 + volume.Snapshots.Length)).ToList();
        var usedBy = volumes.Select((_, index) => Mark(maps.Where((_, number) => volumeOf[number] == index), cancellationToken).CountBlocks()).ToList();
        var live = Mark(maps, cancellationToken);
        var survey = new OwnerSurvey(live, volumeOf, cancellationToken);
        for (var number = 0; number < maps.Count; number++)
        {
            survey.Add(maps[number], number);
        }

        var (byMap, byVolume, all) = survey.Count();
        var spaces = new List<VolumeSpace>();
        var next = 0;
        for (var i = 0; i < volumes.Count; i++)
        {
            var head = byMap[next++];
            var snapshots = volumes[i].Snapshots.ToDictionary(snapshot => snapshot.Info.Id, _ => byMap[next++] * Sizes.Block);
            spaces.Add(new VolumeSpace(
                volumes[i].Id, volumes[i].Map.DataBlocks * Sizes.Block, byVolume[i] * Sizes.Block, (usedBy[i] - byVolume[i]) * Sizes.Block,
                head * Sizes.Block, snapshots));
        }

        return new SpaceSurvey(spaces, all * Sizes.Block, (all - byVolume.Sum()) * Sizes.Block, live.IsComplete);
    }

    private LivePlaces Mark(IEnumerable<FrozenMap> maps, CancellationToken cancellationToken)
    {
        // Below 0, so that no sweep at the same time takes its walk for this one.
        var live = new LivePlaces(_segments.SegmentBlocks);
        var marker = new LiveMarker(live, Interlocked.Decrement(ref _walks));
        foreach (var map in maps)
        {
            cancellationToken.ThrowIfCancellationRequested();
            marker.Mark(map);
        }

        return live;
    }
}
