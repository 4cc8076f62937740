using Skerry.Blocks.Maps;

namespace Skerry.Blocks.Tests.Maps;

/// <summary>A map is what a plain array of entries is, in whatever forms its leaves come and whoever shares them.</summary>
public sealed class BlockMapTests
{
    private const int Blocks = 128 * 129;

    [Fact]
    public void A_map_says_what_a_plain_array_says_whatever_was_written_shared_and_frozen()
    {
        for (var seed = 1; seed <= 40; seed++)
        {
            try
            {
                Run(seed, steps: 2000);
            }
            catch (Exception e) when (e is not Xunit.Sdk.XunitException)
            {
                throw new InvalidOperationException($"seed {seed}", e);
            }
        }
    }

    [Fact]
    public void Readers_beside_the_writer_see_whole_entries_only()
    {
        // Place and number of a block go up together, so an entry that mixes two writes shows.
        var map = new BlockMap();
        var stop = false;
        using var reading = new CountdownEvent(2);
        var readers = Enumerable.Range(0, 2).Select(reader => Task.Run(() =>
        {
            var entries = new MapEntry[37];
            var chance = new Random(reader);
            var seen = 0L;
            while (!Volatile.Read(ref stop))
            {
                if (seen++ == 0)
                {
                    reading.Signal();
                }

                var first = chance.Next(300);
                map.Read(first, entries);
                for (var i = 0; i < entries.Length; i++)
                {
                    var (place, number) = entries[i];
                    if (place.IsData ? place != PlaceOf(first + i, number) : number != 0)
                    {
                        Assert.Fail($"block {first + i}: {entries[i]}");
                    }
                }
            }

            return seen;
        })).ToArray();
        var chance = new Random(7);
        reading.Wait(TestContext.Current.CancellationToken);
        for (var number = 1L; number < 400_000; number++)
        {
            var count = chance.Next(8) == 0 ? chance.Next(1, 100) : 1;
            var first = chance.Next(336 - count);
            map.Write(first, PlaceOf(first, number), count, number);
            if (number % 1000 == 0)
            {
                map.Share();
            }
        }

        Volatile.Write(ref stop, true);
        Assert.All(readers, reader => Assert.True(reader.GetAwaiter().GetResult() > 1));

        // Far apart now and then, so that leaves change their scale too.
        static Place PlaceOf(long block, long number) => Place.At(1 + (number % 7 == 0 ? number << 20 : number), (int)block);
    }

    [Fact]
    public void What_one_checkpoint_froze_stays_until_it_is_released_and_is_then_changed_in_place()
    {
        var map = new BlockMap();
        for (var i = 0; i < 128; i++)
        {
            map.Write(i, Place.At(1, (i * 37) % 128), 1, i + 1);
        }

        var leaf = map.Root[0];
        var frozen = map.Freeze();
        map.Write(5, Place.At(2, 0), 1, 200);
        Assert.NotSame(leaf, map.Root[0]);
        var second = map.Root[0];
        Assert.Same(leaf, frozen.Root[0]);
        var entries = new MapEntry[1];
        new BlockMap(frozen.Root, 0).Read(5, entries);
        Assert.Equal(new MapEntry(Place.At(1, (5 * 37) % 128), 6), entries[0]);

        var later = map.Freeze();
        frozen.Release();
        map.Write(6, Place.At(2, 1), 1, 201);
        Assert.NotSame(second, map.Root[0]);
        later.Release();
        var third = map.Root[0];
        map.Freeze().Release();
        map.Write(7, Place.At(2, 2), 1, 202);
        Assert.Same(third, map.Root[0]);
        map.Share();
        map.Write(7, Place.At(2, 3), 1, 203);
        Assert.NotSame(third, map.Root[0]);
    }

    [Fact]
    public void What_a_survey_still_looks_at_is_not_changed_because_a_later_checkpoint_is_saved()
    {
        var map = new BlockMap();
        for (var i = 0; i < 128; i++)
        {
            map.Write(i, Place.At(1, (i * 37) % 128), 1, i + 1);
        }

        var survey = map.Freeze();
        var checkpoint = map.Freeze();
        checkpoint.Release();
        checkpoint.Release();
        map.Write(5, Place.At(2, 0), 1, 200);
        var entries = new MapEntry[1];
        new BlockMap(survey.Root, 0).Read(5, entries);
        Assert.Equal(new MapEntry(Place.At(1, (5 * 37) % 128), 6), entries[0]);
        var leaf = map.Root[0];
        survey.Release();
        map.Write(6, Place.At(2, 1), 1, 201);
        Assert.Same(leaf, map.Root[0]);
    }

    [Fact]
    public void A_leaf_that_one_write_fills_is_an_extent_again()
    {
        var map = new BlockMap();
        for (var i = 0; i < 128; i++)
        {
            map.Write(i, Place.At(1, (i * 37) % 128), 1, i + 1);
        }

        Assert.IsType<PackedLeaf>(map.Root[0]);
        map.Write(0, Place.At(2, 0), 64, 200);
        map.Write(64, Place.At(2, 65), 64, 201);
        Assert.IsType<PairNode>(map.Root[0]);
        map.Write(0, Place.At(3, 0), 100, 202);
        map.Write(100, Place.At(3, 100), 28, 202);
        Assert.IsType<ExtentNode>(map.Root[0]);
        Assert.Equal(128, map.DataBlocks);
    }

    private static void Run(int seed, int steps)
    {
        var chance = new Random(seed);
        var (number, log) = (0L, 1L << 24);
        var maps = new List<(BlockMap Map, MapEntry[] Model)> { (new BlockMap(), new MapEntry[Blocks]) };
        var kept = new List<(BlockMap Map, MapEntry[] Model)>();
        var frozen = new List<(FrozenMap Map, MapEntry[] Model)>();
        var far = seed % 3 == 0;
        for (var step = 0; step < steps; step++)
        {
            var (map, model) = maps[chance.Next(maps.Count)];
            number += chance.Next(50) == 0 ? 1L << (far ? 33 : 17) : 1;
            var count = chance.Next(10) switch { 0 => chance.Next(1, 1000), < 4 => chance.Next(1, 40), 4 => 64, _ => 1 };
            var first = chance.Next(4) == 0 ? chance.Next(Blocks - count) : chance.Next(Math.Min(Blocks - count, 600));
            var kind = chance.Next(100);
            if (kind < 80)
            {
                log = chance.Next(20) == 0 ? ((log >> 24) + (far && chance.Next(3) == 0 ? 1 << 20 : 1)) << 24 : log;
                var place = new Place((ulong)(log += chance.Next(3)));
                map.Write(first, place, count, number);
                for (var i = 0; i < count; i++)
                {
                    model[first + i] = new MapEntry(place.Next(i), number);
                }

                log += count;
            }
            else if (kind < 92)
            {
                var zeroes = kind < 86 ? Place.Hole : kind < 90 ? Place.Zeroes : Place.Lost;
                map.WriteZeroes(first, count, zeroes, number);

                // A hole where nothing was ever written may or may not keep its number.
                for (var i = 0; i < count; i++)
                {
                    var untouched = zeroes == Place.Hole && model[first + i] == default;
                    model[first + i] = untouched ? default : new MapEntry(zeroes, number);
                }
            }
            else if (kind < 94 && maps.Count < 4)
            {
                maps.Add((map.Share(), [.. model]));
            }
            else if (kind < 96)
            {
                kept.Add((map.Share(), [.. model]));
            }
            else if (kind < 98)
            {
                frozen.Add((map.Freeze(), [.. model]));
            }
            else if (frozen.Count > 0)
            {
                var one = chance.Next(frozen.Count);
                RequireSame(new BlockMap(frozen[one].Map.Root, frozen[one].Map.DataBlocks), frozen[one].Model, chance, seed);
                frozen[one].Map.Release();
                frozen.RemoveAt(one);
            }
        }

        foreach (var (map, model) in maps.Concat(kept).Concat(frozen.Select(one => (new BlockMap(one.Map.Root, one.Map.DataBlocks), one.Model))))
        {
            RequireSame(map, model, chance, seed);
        }
    }

    private static void RequireSame(BlockMap map, MapEntry[] model, Random chance, int seed)
    {
        var entries = new MapEntry[Blocks];
        for (var at = 0; at < Blocks;)
        {
            var part = entries.AsSpan(at, Math.Min(chance.Next(1, 300), Blocks - at));
            map.Read(at, part);
            at += part.Length;
        }

        for (var i = 0; i < Blocks; i++)
        {
            if (entries[i] != model[i] && !(entries[i].Place == Place.Hole && model[i] == default))
            {
                Assert.Fail($"seed {seed}, block {i}: {entries[i]}, not {model[i]}");
            }
        }

        Assert.True(map.DataBlocks == model.Count(entry => entry.Place.IsData), $"seed {seed}: {map.DataBlocks} data blocks");
        RequireStretches(map, entries, seed);
        foreach (var since in new[] { -1, 0, entries[chance.Next(Blocks)].Number, entries.Max(entry => entry.Number) })
        {
            RequireChanges(map, entries, since, seed);
        }
    }

    private static void RequireStretches(BlockMap map, MapEntry[] entries, int seed)
    {
        var at = 13L;
        foreach (var (first, count, place) in map.Stretches(13, Blocks - 5))
        {
            Assert.True(first == at && count > 0, $"seed {seed}: a stretch at {first}, not {at}");
            for (var i = 0; i < count; i++)
            {
                if (entries[first + i].Place != place.Behind(i))
                {
                    Assert.Fail($"seed {seed}, block {first + i}: stretch of {place}");
                }
            }

            at += count;
        }

        Assert.Equal(Blocks - 5, at);
    }

    private static void RequireChanges(BlockMap map, MapEntry[] entries, long since, int seed)
    {
        var named = new bool[Blocks];
        map.Visit(since, 0, Blocks, (first, count, place) =>
        {
            for (var i = 0; i < count; i++)
            {
                if (named[first + i] || entries[first + i].Place != place.Behind(i))
                {
                    Assert.Fail($"seed {seed}, since {since}, block {first + i}: change at {place}");
                }

                named[first + i] = true;
            }
        });
        for (var i = 0; i < Blocks; i++)
        {
            if (named[i] != entries[i].Number > since)
            {
                Assert.Fail($"seed {seed}, since {since}, block {i}: {entries[i]}");
            }
        }
    }
}
