using Skerry.Blocks.Log;
using Skerry.Blocks.Maps;

namespace Skerry.Blocks.Tests.Log;

/// <summary>What was saved comes back as it was; only what changed is written; and a damaged node costs its own blocks.</summary>
public sealed class MapFilesTests
{
    private const int Blocks = 128 * 128 * 2;

    [Fact]
    public void Maps_come_back_as_they_were_saved_however_often_and_in_whatever_forms()
    {
        for (var seed = 1; seed <= 12; seed++)
        {
            var chance = new Random(seed);
            var storage = new FaultyStorage();
            var files = new MapFiles(storage, 7, MapFilesMark.None);
            var maps = new List<BlockMap> { new() };
            var number = 0L;
            for (var round = 0; round < 8; round++)
            {
                for (var i = 0; i < 300; i++)
                {
                    Change(maps[chance.Next(maps.Count)], chance, ++number);
                }

                var frozen = maps.Select(map => map.Freeze()).ToList();
                files.Save(frozen);
                files.DropUnused();
                RequireSaved(storage, files.Mark, frozen, seed);
                frozen.ForEach(map => map.Release());
                if (maps.Count < 4)
                {
                    maps.Add(maps[0].Share());
                }

                if (round == 4)
                {
                    // As after an opening: nobody owns what was loaded.
                    maps = [.. Load(storage, files.Mark, frozen).Select(map => new BlockMap(map.Root, map.DataBlocks))];
                    files = new MapFiles(storage, 7, files.Mark);
                }
            }
        }
    }

    [Fact]
    public void Only_what_changed_is_written_again_and_at_most_half_of_the_files_is_unused()
    {
        var storage = new FaultyStorage();
        var files = new MapFiles(storage, 7, MapFilesMark.None);
        var map = Scattered(Blocks);
        var snapshot = FrozenMap.Of(map.Share());
        long Save()
        {
            var frozen = map.Freeze();
            files.Save([frozen, snapshot]);
            files.DropUnused();
            frozen.Release();
            return files.SavedBytes;
        }

        var all = Save();
        Assert.InRange(all, Blocks * 8, Blocks * 9);
        Assert.Equal(0, Save());
        map.Write(5, Place.At(9, 9), 1, 1_000_000);
        Assert.InRange(Save(), 1000, 8000);
        var (most, rewritten) = (0L, 0);
        for (var round = 0; round < 200; round++)
        {
            for (var i = 0; i < 64; i++)
            {
                map.Write(round % 4 * 64 * 128 + (i * 128), Place.At(10 + round, i), 1, 1_000_001 + round);
            }

            var before = files.Mark.First;
            Save();
            rewritten += files.Mark.First > before ? 1 : 0;
            most = Math.Max(most, storage.List().Sum(name => (long)storage.Bytes(name).Length));
        }

        Assert.True(rewritten > 0);

        // All nodes of head and snapshot, as much again, and what a small file may always hold.
        Assert.InRange(most, all, (4 * all) + (5 << 20));
    }

    [Fact]
    public void After_a_save_that_failed_nothing_relies_on_what_it_wrote()
    {
        var storage = new FaultyStorage();
        var files = new MapFiles(storage, 7, MapFilesMark.None);
        var map = Scattered(128 * 128);
        files.Save([map.Freeze()]);
        map.Write(3, Place.At(9, 9), 1, 1_000_000);
        storage.SyncsFail = true;
        Assert.Throws<IOException>(() => files.Save([map.Freeze()]));
        storage.SyncsFail = false;
        var kept = storage.Crash(new Random(3));
        var frozen = map.Freeze();
        files.Save([frozen]);
        RequireSaved(storage, files.Mark, [frozen], 0);
        Assert.True(files.Mark.First > 1);
        Assert.Contains(MapFile.NameOf(1), kept.List());
    }

    [Fact]
    public void A_flipped_bit_in_a_node_costs_the_blocks_below_it_and_no_others()
    {
        var storage = new FaultyStorage();
        var files = new MapFiles(storage, 7, MapFilesMark.None);
        var maps = new[] { Scattered(128 * 128), Scattered(128 * 128) };
        var frozen = maps.Select(map => map.Freeze()).ToList();
        files.Save(frozen);
        var chance = new Random(5);
        var sound = storage.Bytes(MapFile.NameOf(1)).Length;
        var lostAtAll = 0;
        for (var round = 0; round < 60; round++)
        {
            var image = storage.Kill();
            var at = chance.Next(MapFile.HeaderBytes, sound);
            image.Bytes(MapFile.NameOf(1))[at] ^= (byte)(1 << chance.Next(8));
            var loaded = Load(image, files.Mark, frozen);
            var lostIn = 0;
            for (var m = 0; m < maps.Length; m++)
            {
                var (expected, got) = (Entries(maps[m]), Entries(new BlockMap(loaded[m].Root, 0)));
                var lost = Enumerable.Range(0, Blocks).Where(i => got[i].Place == Place.Lost).ToList();
                Assert.All(Enumerable.Range(0, Blocks).Except(lost), i => Assert.Equal(expected[i], got[i]));
                Assert.All(lost, i => Assert.True(got[i].Number >= expected[i].Number));
                lostIn += lost.Count > 0 ? 1 : 0;
                var marker = new LivePlaces(1 << 14);
                new LiveMarker(marker, 1).Mark(loaded[m]);
                Assert.Equal(lost.Count == 0, marker.IsComplete);
            }

            Assert.InRange(lostIn, 0, 1);
            lostAtAll += lostIn;
        }

        Assert.True(lostAtAll > 50);
    }

    [Fact]
    public async Task Of_two_volumes_the_one_whose_map_is_sound_is_as_it_was_and_the_other_heals_by_writing()
    {
        var ct = TestContext.Current.CancellationToken;
        var options = new BlockStoreOptions { Directory = "memory", SegmentBytes = 256 << 10, CheckpointBytes = 1 << 20 };
        var storage = new FaultyStorage();
        var store = BlockStore.Open(options, storage, background: false);
        var data = new byte[4096];
        foreach (var id in new[] { "one", "two" })
        {
            var volume = await store.CreateAsync(id, 1 << 20, ct);
            await volume.BeginRunAsync(1, ct);
            foreach (var block in Enumerable.Range(0, 256).OrderBy(i => i * 37 % 256))
            {
                data.AsSpan().Fill((byte)block);
                await volume.WriteAsync(block * 4096, data, WriteOptions.None, ct);
            }
        }

        await store.DisposeAsync();

        // The first node is a leaf of the first volume: it covers 512 KiB.
        var map = storage.List().Single(name => name.EndsWith(MapFile.Extension, StringComparison.Ordinal));
        storage.Bytes(map)[MapFile.HeaderBytes + 100] ^= 4;
        store = BlockStore.Open(options, storage, background: false);
        var (one, two) = (await store.OpenAsync("one", ct), await store.OpenAsync("two", ct));
        for (var block = 0; block < 256; block++)
        {
            await two.ReadAsync(block * 4096, data, ct);
            Assert.All(data, b => Assert.Equal((byte)block, b));
            if (block >= 128)
            {
                await one.ReadAsync(block * 4096, data, ct);
                Assert.All(data, b => Assert.Equal((byte)block, b));
                continue;
            }

            var fault = await Assert.ThrowsAsync<BlockException>(async () => await one.ReadAsync(block * 4096, data, ct));
            Assert.Equal(BlockError.Corrupt, fault.Error);
            Assert.Contains($"volume 'one': bytes {block * 4096} to", fault.Message, StringComparison.Ordinal);
        }

        Assert.Equal([new ChangedRange(0, 512 << 10, false)], one.ChangedSince(one.Lineage.LastNumber - 1).Take(1));
        await one.BeginRunAsync(2, ct);
        data.AsSpan().Fill(99);
        for (var block = 0; block < 128; block++)
        {
            await one.WriteAsync(block * 4096, data, WriteOptions.None, ct);
        }

        await store.CheckpointAsync();
        await store.DisposeAsync();
        store = BlockStore.Open(options, storage, background: false);
        one = await store.OpenAsync("one", ct);
        for (var block = 0; block < 256; block++)
        {
            await one.ReadAsync(block * 4096, data, ct);
            Assert.All(data, b => Assert.Equal(block < 128 ? 99 : (byte)block, b));
        }

        await store.DisposeAsync();
    }

    private static BlockMap Scattered(int blocks)
    {
        var map = new BlockMap();
        for (var i = 0; i < blocks; i++)
        {
            map.Write(i, Place.At(1 + (i * 37 % 3), i * 37 % (1 << 14)), 1, i + 1);
        }

        return map;
    }

    private static void Change(BlockMap map, Random chance, long number)
    {
        var count = chance.Next(10) switch { 0 => chance.Next(1, 1000), < 4 => chance.Next(1, 60), 4 => 128, _ => 1 };
        var first = count == 128 ? chance.Next(Blocks / 128) * 128 : chance.Next(Blocks - count);
        switch (chance.Next(12))
        {
            case 0:
                map.WriteZeroes(first, count, Place.Zeroes, number);
                break;
            case 1:
                map.WriteZeroes(first, chance.Next(Blocks - first), Place.Hole, number);
                break;
            default:
                // Far apart now and then: the wide form.
                map.Write(first, Place.At(1 + (chance.Next(9) == 0 ? number << 20 : number), chance.Next(100)), count, number);
                break;
        }
    }

    private static MapEntry[] Entries(BlockMap map)
    {
        var entries = new MapEntry[Blocks];
        map.Read(0, entries);
        return entries;
    }

    private static List<FrozenMap> Load(IBackingStorage storage, MapFilesMark mark, IReadOnlyList<FrozenMap> saved)
    {
        using var nodes = new NodeLoader(storage, 7, mark);
        return [.. saved.Select(map => nodes.Load(map.Root.Address, map.DataBlocks, Blocks, long.MaxValue))];
    }

    private static void RequireSaved(IBackingStorage storage, MapFilesMark mark, IReadOnlyList<FrozenMap> saved, int seed)
    {
        var loaded = Load(storage, mark, saved);
        for (var m = 0; m < saved.Count; m++)
        {
            var (expected, got) = (Entries(new BlockMap(saved[m].Root, 0)), Entries(new BlockMap(loaded[m].Root, 0)));
            for (var i = 0; i < Blocks; i++)
            {
                if (expected[i] != got[i])
                {
                    Assert.Fail($"seed {seed}, map {m}, block {i}: {got[i]}, not {expected[i]}");
                }
            }

            Assert.Equal(saved[m].DataBlocks, loaded[m].DataBlocks);
            Assert.Equal(saved[m].Root.MaxNumber, loaded[m].Root.MaxNumber);
        }
    }
}
