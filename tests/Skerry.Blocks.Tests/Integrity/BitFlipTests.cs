using Skerry.Blocks.Integrity;
using Skerry.Blocks.Log;
using Skerry.Blocks.Tests.Log;

namespace Skerry.Blocks.Tests.Integrity;

/// <summary>
/// Bits flip anywhere in any file: never a wrong byte, never a crash, always a named range; and the checker names exactly the ranges
/// that cannot be read.
/// </summary>
public sealed class BitFlipTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Flipped_bits_give_an_error_that_names_the_range_or_the_right_bytes()
    {
        var (atOpen, atRead, whole) = (0, 0, 0);
        for (var seed = 1; seed <= 16; seed++)
        {
            var known = await KnownStore.MakeAsync(seed, closed: seed % 2 == 0, Ct);
            for (var round = 1; round <= 15; round++)
            {
                var chance = new Random((seed * 1000) + round);
                var storage = known.Storage.Kill();
                var where = $"seed {seed}, round {round}: {Flip(storage, chance, round % 3 == 0 ? chance.Next(2, 12) : 1)}";
                var report = StoreCheck.Run(storage.Kill(), null, Ct);
                var unreadable = await ReadAllAsync(storage, known, where);
                if (unreadable is null)
                {
                    atOpen++;
                    Assert.False(report.IsClean, $"{where}: the check found nothing in a store that does not open");
                    Assert.False(report.IsComplete, where);
                    continue;
                }

                Assert.True(report.IsComplete, where);
                Assert.Equal(unreadable.Count == 0, report.IsClean);
                Assert.Equal(unreadable, Named(report));
                atRead += unreadable.Count > 0 ? 1 : 0;
                whole += unreadable.Count == 0 ? 1 : 0;
            }
        }

        Assert.True(atOpen > 10 && atRead > 10 && whole > 10, $"{atOpen} did not open, {atRead} had unreadable blocks, {whole} were whole");
    }

    [Fact]
    public async Task A_missing_file_is_a_named_error()
    {
        var known = await KnownStore.MakeAsync(99, closed: true, Ct);
        foreach (var name in known.Storage.List().Where(name => name != "durable"))
        {
            var storage = known.Storage.Kill();
            storage.Delete(name);
            var report = StoreCheck.Run(storage.Kill(), null, Ct);
            if (name.EndsWith(Sums.Extension, StringComparison.Ordinal))
            {
                // Made again from the records, as far as those are still there.
                await ReadAllAsync(storage, known, $"without {name}");
                continue;
            }

            Assert.False(report.IsClean, $"without {name} the check is clean");
            Assert.Contains(report.Findings, finding => finding.IsDamage && finding.Message.Contains(name, StringComparison.Ordinal));
            if (name != StoreIdentity.FileName)
            {
                await ReadAllAsync(storage, known, $"without {name}");
            }
        }
    }

    [Fact]
    public async Task A_sound_store_is_clean_closed_or_killed_and_stays_as_it_is()
    {
        for (var seed = 200; seed < 210; seed++)
        {
            var known = await KnownStore.MakeAsync(seed, closed: seed % 2 == 0, Ct);
            var before = known.Storage.List().Order(StringComparer.Ordinal).Select(name => (name, Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(known.Storage.Bytes(name))))).ToList();
            var report = StoreCheck.Run(known.Storage.Kill(), null, Ct);
            Assert.True(report.IsClean, $"seed {seed}: {string.Join("; ", report.Findings.Select(finding => finding.Message))}");
            Assert.Equal(3, report.Volumes);
            Assert.Equal(2, report.Snapshots);
            Assert.Equal(before, known.Storage.List().Order(StringComparer.Ordinal).Select(name => (name, Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(known.Storage.Bytes(name))))));
        }
    }

    /// <summary>The blocks that could not be read, or null when the store does not open.</summary>
    private static async Task<SortedSet<string>?> ReadAllAsync(FaultyStorage storage, KnownStore known, string where)
    {
        BlockStore store;
        try
        {
            store = KnownStore.Open(storage);
        }
        catch (BlockException e)
        {
            Assert.True(e.Error is BlockError.Corrupt or BlockError.Refused, $"{where}: {e.Message}");
            Assert.Contains("memory", e.Message, StringComparison.Ordinal);
            return null;
        }

        var unreadable = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var ((id, snapshot), expected) in known.Contents)
        {
            var volume = await store.OpenAsync(id, Ct);
            var device = snapshot is null ? volume : volume.OpenSnapshot(snapshot);
            for (var offset = 0; offset < KnownStore.DiskBytes; offset += 4096)
            {
                var read = new byte[4096];
                try
                {
                    await device.ReadAsync(offset, read, Ct);
                    Assert.True(read.AsSpan().SequenceEqual(expected.AsSpan(offset, 4096)), $"{where}: {id} {snapshot} is wrong at byte {offset}");
                }
                catch (BlockException e)
                {
                    Assert.True(e.Error == BlockError.Corrupt, $"{where}: {e.Message}");
                    Assert.Equal(offset, e.Damage!.OffsetBytes);
                    Assert.Equal(4096, e.Damage.LengthBytes);
                    Assert.True(e.Damage.File is not null || e.Message.Contains("part of the map", StringComparison.Ordinal), $"{where}: {e.Message}");
                    unreadable.Add($"{id}/{snapshot}/{offset}");
                }
            }
        }

        store.Abandon();
        return unreadable;
    }

    private static SortedSet<string> Named(StoreCheckReport report)
    {
        var named = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var finding in report.Findings.Where(finding => finding.Kind == FindingKind.Data))
        {
            for (var offset = finding.OffsetBytes!.Value; offset < finding.OffsetBytes + finding.LengthBytes; offset += 4096)
            {
                named.Add($"{finding.VolumeId}/{finding.SnapshotId}/{offset}");
            }
        }

        return named;
    }

    private static string Flip(FaultyStorage storage, Random chance, int bits)
    {
        var files = storage.List().Order(StringComparer.Ordinal).ToArray();
        var flipped = new List<string>();
        for (var i = 0; i < bits; i++)
        {
            var file = files[chance.Next(files.Length)];
            var bytes = storage.Bytes(file);
            var used = Array.FindLastIndex(bytes, b => b != 0) + 1;
            if (used > 0)
            {
                var at = chance.Next(used);
                bytes[at] ^= (byte)(1 << chance.Next(8));
                flipped.Add($"{file} byte {at}");
            }
        }

        return string.Join(", ", flipped);
    }
}
