namespace Skerry.Blocks.Tests.Log;

public sealed class SpaceSurveyTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Each_volume_and_snapshot_is_told_what_it_alone_takes()
    {
        await using var store = BlockStore.Open(
            new BlockStoreOptions { Directory = "memory", SegmentBytes = 1 << 20, CheckpointBytes = 1 << 20 }, new FaultyStorage(), background: false);
        var disk = await store.CreateAsync("disk", 4 << 20, Ct);
        await disk.BeginRunAsync(1, Ct);
        await Write(disk, 0, 100);
        await disk.CreateSnapshotAsync("a", Ct);
        await Write(disk, 0, 10);
        await disk.CreateSnapshotAsync("b", Ct);
        await Write(disk, 5, 20);
        var clone = await store.CloneAsync("clone", "disk", "b", Ct);
        await clone.BeginRunAsync(1, Ct);
        await Write(clone, 50, 7);

        // a: 0-9 are its own, 10-24 go with nobody else once the head has its own of 10-24, but b and the clone use those as well.
        var survey = await store.SurveyAsync(Ct);
        var (c, d) = (survey.Volumes.Single(volume => volume.VolumeId == "clone"), survey.Volumes.Single(volume => volume.VolumeId == "disk"));
        Assert.Equal(137 * 4096, survey.LiveBytes);
        Assert.Equal((20 * 4096L, 10 * 4096L, 0L), (d.HeadBytes, d.Snapshots["a"], d.Snapshots["b"]));
        Assert.Equal((7 * 4096L, 7 * 4096L, 100 * 4096L), (c.HeadBytes, c.ExclusiveBytes, c.AllocatedBytes));

        // The clone has 10 of b and 83 of the first hundred; 57 is what it wrote over, and only the disk keeps those 7.
        Assert.Equal(93 * 4096, survey.SharedBytes);
        Assert.Equal((20 + 10 + 7) * 4096, d.ExclusiveBytes);

        await store.DeleteAsync("clone", Ct);
        var alone = (await store.SurveyAsync(Ct)).Volumes.Single();
        Assert.Equal((130 * 4096L, 5 * 4096L), (alone.ExclusiveBytes, alone.Snapshots["b"]));
    }

    private static async Task Write(BlockVolume volume, int block, int count)
    {
        var data = new byte[count * 4096];
        Random.Shared.NextBytes(data);
        await volume.WriteAsync(block * 4096L, data, WriteOptions.None, Ct);
    }
}
