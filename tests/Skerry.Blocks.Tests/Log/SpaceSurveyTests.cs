using Skerry.Blocks.Maps;

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
        Assert.Equal((93 * 4096L, 93 * 4096L), (c.SharedBytes, d.SharedBytes));

        await store.DeleteAsync("clone", Ct);
        var alone = (await store.SurveyAsync(Ct)).Volumes.Single();
        Assert.Equal((130 * 4096L, 5 * 4096L), (alone.ExclusiveBytes, alone.Snapshots["b"]));
    }

    /// <summary>Whatever was written, trimmed, cloned, reverted, deleted, saved and cleaned: the same as asking each map for each block.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public async Task A_survey_counts_what_asking_for_each_block_counts(int seed)
    {
        const int blocks = 600;
        var chance = new Random(seed);
        var storage = new FaultyStorage();
        var options = new BlockStoreOptions { Directory = "memory", SegmentBytes = 256 << 10, CheckpointBytes = 1 << 20 };
        var store = BlockStore.Open(options, storage, background: false);
        try
        {
            for (var step = 1; step <= 500; step++)
            {
                var ids = store.VolumeIds.Order(StringComparer.Ordinal).ToList();
                var volume = ids.Count == 0 ? null : await store.OpenAsync(ids[chance.Next(ids.Count)], Ct);
                var (first, count) = (chance.Next(blocks), 1 + chance.Next(chance.Next(10) == 0 ? 300 : 20));
                count = Math.Min(count, blocks - first);
                switch (volume is null ? 99 : chance.Next(100))
                {
                    case < 60:
                        await Write(volume!, first, count);
                        break;
                    case < 65:
                        await volume!.TrimAsync(first * 4096L, count * 4096L, WriteOptions.None, Ct);
                        break;
                    case < 75:
                        await volume!.CreateSnapshotAsync($"s{step}", Ct);
                        break;
                    case < 78 when volume!.Snapshots.Count > 0:
                        await volume.DeleteSnapshotAsync(Any(volume.Snapshots).Id, Ct);
                        break;
                    case < 80 when volume!.Snapshots.Count > 0:
                        await volume.EndRunAsync(Ct);
                        await volume.RevertToSnapshotAsync(Any(volume.Snapshots).Id, Ct);
                        await volume.BeginRunAsync(step, Ct);
                        break;
                    case < 83 when ids.Count > 2:
                        await store.DeleteAsync(volume!.Id, Ct);
                        break;
                    case < 90 when ids.Count < 6:
                        await (await store.CloneAsync($"v{step}", volume!.Id, volume.Snapshots.Count > 0 ? Any(volume.Snapshots).Id : null, Ct)).BeginRunAsync(step, Ct);
                        break;
                    case < 93:
                        await store.CheckpointAsync();
                        break;
                    case < 96:
                        await store.CheckpointAsync();
                        await store.CleanAsync(Ct);
                        break;
                    case 99 when ids.Count < 6:
                        await (await store.CreateAsync($"v{step}", blocks * 4096, Ct)).BeginRunAsync(step, Ct);
                        break;
                }

                if (step % 25 == 0)
                {
                    RequireSame(Counted(store), await store.SurveyAsync(Ct), $"seed {seed}, step {step}");
                }
            }

            // From files, nodes that were shared are shared again.
            var before = await store.SurveyAsync(Ct);
            await store.DisposeAsync();
            store = BlockStore.Open(options, storage, background: false);
            RequireSame(Counted(store), before, $"seed {seed}, closed");
            RequireSame(Counted(store), await store.SurveyAsync(Ct), $"seed {seed}, opened again");
        }
        finally
        {
            await store.DisposeAsync();
        }

        SnapshotInfo Any(IReadOnlyList<SnapshotInfo> snapshots) => snapshots[chance.Next(snapshots.Count)];
    }

    [Fact]
    public async Task A_survey_beside_writes_is_of_one_instant()
    {
        await using var store = BlockStore.Open(
            new BlockStoreOptions { Directory = "memory", SegmentBytes = 1 << 20, CheckpointBytes = 1 << 20 }, new FaultyStorage(), background: false);
        const int blocks = 2000;
        var disk = await store.CreateAsync("disk", blocks * 4096, Ct);
        await disk.BeginRunAsync(1, Ct);
        await Write(disk, 0, blocks);
        await disk.CreateSnapshotAsync("s", Ct);
        using var over = new CancellationTokenSource();
        var writing = Task.Run(
            async () =>
            {
                var chance = new Random(7);
                while (!over.IsCancellationRequested)
                {
                    await Write(disk, chance.Next(blocks), 1);
                    await store.CheckpointAsync();
                }
            },
            Ct);
        for (var i = 0; i < 200; i++)
        {
            var survey = await store.SurveyAsync(Ct);
            var volume = survey.Volumes.Single();
            Assert.Equal((blocks * 4096L, survey.LiveBytes), (volume.AllocatedBytes, volume.ExclusiveBytes));

            // For each block that the head has of its own, the snapshot has the one before.
            Assert.Equal(volume.HeadBytes, volume.Snapshots["s"]);
            Assert.Equal(volume.AllocatedBytes + volume.HeadBytes, survey.LiveBytes);
        }

        await over.CancelAsync();
        await writing;
    }

    private static SpaceSurvey Counted(BlockStore store)
    {
        var users = new Dictionary<Place, HashSet<(string Volume, string? Snapshot)>>();
        var volumes = store.State.ByOrdinal.Values.OrderBy(volume => volume.Ordinal).ToList();
        foreach (var volume in volumes)
        {
            Look(volume.Map, volume.SizeBytes, (volume.Id, null));
            foreach (var snapshot in volume.Snapshots)
            {
                Look(snapshot.Map, snapshot.Info.SizeBytes, (volume.Id, snapshot.Info.Id));
            }
        }

        return new SpaceSurvey(
            [.. volumes.Select(volume => new VolumeSpace(
                volume.Id,
                4096L * users.Values.Count(who => who.Contains((volume.Id, null))),
                4096L * users.Values.Count(who => who.All(one => one.Volume == volume.Id)),
                4096L * users.Values.Count(who => who.Any(one => one.Volume == volume.Id) && who.Any(one => one.Volume != volume.Id)),
                4096L * users.Values.Count(who => who.SetEquals([(volume.Id, null)])),
                volume.Snapshots.ToDictionary(snapshot => snapshot.Info.Id, snapshot => 4096L * users.Values.Count(who => who.SetEquals([(volume.Id, snapshot.Info.Id)])))))],
            4096L * users.Count,
            4096L * users.Values.Count(who => who.Select(one => one.Volume).Distinct().Count() > 1),
            IsComplete: true);

        void Look(BlockMap map, long sizeBytes, (string, string?) who)
        {
            var entries = new MapEntry[(sizeBytes + 4095) / 4096];
            map.Read(0, entries);
            foreach (var entry in entries.Where(entry => entry.Place.IsData))
            {
                users.TryAdd(entry.Place, []);
                users[entry.Place].Add(who);
            }
        }
    }

    private static void RequireSame(SpaceSurvey expected, SpaceSurvey found, string when)
    {
        Assert.True(
            (expected.LiveBytes, expected.SharedBytes, expected.IsComplete) == (found.LiveBytes, found.SharedBytes, found.IsComplete), $"{when}: {found}, not {expected}");
        Assert.Equal(expected.Volumes.Count, found.Volumes.Count);
        foreach (var (one, other) in expected.Volumes.Zip(found.Volumes))
        {
            Assert.True(one with { Snapshots = other.Snapshots } == other, $"{when}: {other}, not {one}");
            Assert.True(one.Snapshots.OrderBy(pair => pair.Key).SequenceEqual(other.Snapshots.OrderBy(pair => pair.Key)), $"{when}: snapshots of {one.VolumeId}");
        }
    }

    private static async Task Write(BlockVolume volume, int block, int count)
    {
        var data = new byte[count * 4096];
        Random.Shared.NextBytes(data);
        await volume.WriteAsync(block * 4096L, data, WriteOptions.None, Ct);
    }
}
