using Skerry.Blocks.Integrity;
using Skerry.Blocks.Log;
using Skerry.Blocks.Tests.Log;

namespace Skerry.Blocks.Tests.Integrity;

/// <summary>A bad block comes back from another copy, for all that share it; nothing but the content that was lost is taken.</summary>
public sealed class HealingTests
{
    private const int Size = 64 * 4096;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_bad_block_is_healed_when_it_is_read_for_the_head_the_snapshot_and_the_clone_alike()
    {
        var (storage, expected) = await MadeAsync();
        var (broken, at) = Break(storage, expected, 17);
        var copy = KnownStore.Open(storage);
        var store = KnownStore.Open(broken);
        var asked = new Copy(copy);
        store.Healer = asked;
        var volume = await store.OpenAsync("disk", Ct);
        Assert.Equal(expected, await ReadAsync(volume));
        Assert.Equal(expected, await ReadAsync(volume.OpenSnapshot("kept")));
        Assert.Equal(expected, await ReadAsync(await store.OpenAsync("clone", Ct)));
        Assert.Equal([17 * 4096L], asked.Offsets);
        Assert.Equal(storage.Bytes(at.File).AsSpan(at.Offset, 4096), broken.Bytes(at.File).AsSpan(at.Offset, 4096));
        Assert.True(StoreCheck.Run(broken.Kill(), null, Ct).IsClean);
        store.Abandon();
        copy.Abandon();
    }

    [Fact]
    public async Task What_is_not_the_lost_content_is_not_taken_and_is_not_asked_for_again_at_once()
    {
        var (storage, expected) = await MadeAsync();
        var (broken, at) = Break(storage, expected, 17);
        var store = KnownStore.Open(broken);
        var asked = new Liar();
        store.Healer = asked;
        var before = broken.Bytes(at.File).ToArray();
        var volume = await store.OpenAsync("disk", Ct);
        for (var i = 0; i < 5; i++)
        {
            var fault = await Assert.ThrowsAsync<BlockException>(async () => await ReadAsync(volume));
            Assert.Equal(BlockError.Corrupt, fault.Error);
            Assert.Equal(17 * 4096, fault.Damage!.OffsetBytes);
            Assert.Equal(at.File, fault.Damage.File);
        }

        Assert.Equal(1, asked.Asked);
        Assert.Equal(before, broken.Bytes(at.File));
        var rest = new byte[16 * 4096];
        await volume.ReadAsync(0, rest, Ct);
        Assert.Equal(expected[..rest.Length], rest);
        store.Abandon();
    }

    [Fact]
    public async Task A_check_heals_and_names_what_it_healed_and_what_it_could_not()
    {
        var (storage, expected) = await MadeAsync();
        var (broken, at) = Break(storage, expected, 17);
        var copy = KnownStore.Open(storage);
        var store = KnownStore.Open(broken);
        var report = await store.VerifyAsync("disk", null, Ct);
        Assert.Equal(0, report.HealedBytes);
        Assert.Equal(2 * 4096, report.BadBytes);
        Assert.Equal(Size, report.VerifiedBytes - 4096);
        Assert.All(report.Findings, finding => Assert.True(finding.IsDamage && finding.File == at.File && finding.FileOffsetBytes == at.Offset));
        store.Healer = new Copy(copy);
        report = await store.VerifyAsync("disk", null, Ct);
        Assert.Equal(4096, report.HealedBytes);
        Assert.Equal(4096, report.BadBytes);
        Assert.True(Assert.Single(report.Findings).IsHealed);
        Assert.Empty((await store.VerifyAsync("disk", null, Ct)).Findings);
        store.Abandon();
        copy.Abandon();
    }

    [Fact]
    public async Task A_scrub_goes_through_all_volumes_at_its_pace_and_begins_again_after_its_interval()
    {
        var (storage, expected) = await MadeAsync();
        var (broken, _) = Break(storage, expected, 3);
        var store = KnownStore.Open(broken);
        using var scrub = new Scrub(store, new ScrubOptions { Interval = TimeSpan.FromHours(1), BytesPerSecond = Size, FirstAfter = TimeSpan.Zero }, TimeProvider.System);
        var (steps, spent) = (0, TimeSpan.Zero);
        VerifyReport? pass = null;
        while (pass is null)
        {
            var (again, finished) = await scrub.StepAsync(Ct);
            (pass, steps) = (finished, steps + 1);
            spent += finished is null ? again!.Value : TimeSpan.Zero;
        }

        // Of three disks that share all their blocks each block is read once, and the bad one for each of them.
        Assert.InRange(pass.VerifiedBytes, Size, Size + (3 * 4096));
        Assert.InRange(spent.TotalSeconds, 1, 1.1);
        using var often = new Scrub(store, new ScrubOptions { Interval = TimeSpan.FromSeconds(10) }, TimeProvider.System);
        Assert.Equal(TimeSpan.FromSeconds(10), (await often.StepAsync(Ct)).Again);
        Assert.Equal(3, pass.Findings.Count);
        Assert.Same(pass, scrub.LastPass);
        Assert.InRange((await scrub.StepAsync(Ct)).Again!.Value.TotalMinutes, 59, 60);
        store.Abandon();
    }

    [Fact]
    public async Task A_block_that_only_a_snapshot_of_the_copy_still_has_is_found_there()
    {
        var (storage, expected) = await MadeAsync();
        var (broken, _) = Break(storage, expected, 17);
        var copy = KnownStore.Open(storage);
        var ahead = await copy.OpenAsync("disk", Ct);
        await ahead.BeginRunAsync(1, Ct);
        await ahead.WriteAsync(17 * 4096, new byte[] { 1, 2, 3 }, WriteOptions.None, Ct);
        var store = KnownStore.Open(broken);
        store.Healer = new Copy(copy);
        Assert.Equal(expected, await ReadAsync(await store.OpenAsync("disk", Ct)));
        store.Abandon();
        copy.Abandon();
    }

    internal static async Task<byte[]> ReadAsync(IBlockDevice device)
    {
        var bytes = new byte[Size];
        await device.ReadAsync(0, bytes, Ct);
        return bytes;
    }

    private static async Task<(FaultyStorage Storage, byte[] Expected)> MadeAsync()
    {
        var storage = new FaultyStorage();
        var store = KnownStore.Open(storage);
        var volume = await store.CreateAsync("disk", Size, Ct);
        await volume.BeginRunAsync(1, Ct);
        var bytes = new byte[Size];
        new Random(8).NextBytes(bytes);
        await volume.WriteAsync(0, bytes, WriteOptions.None, Ct);
        await volume.CreateSnapshotAsync("kept", Ct);
        await store.CloneAsync("clone", "disk", null, Ct);
        await store.DisposeAsync();
        return (storage.Kill(), bytes);
    }

    /// <summary>A copy of the files in which one block of the disk is bad.</summary>
    private static (FaultyStorage Broken, (string File, int Offset) At) Break(FaultyStorage storage, byte[] expected, int block)
    {
        var broken = storage.Kill();
        foreach (var name in broken.List().Where(name => name.EndsWith(Segment.Extension, StringComparison.Ordinal)))
        {
            var at = broken.Bytes(name).AsSpan().IndexOf(expected.AsSpan(block * 4096, 4096));
            if (at >= 0)
            {
                broken.Bytes(name)[at + 1234] ^= 32;
                return (broken, (name, at));
            }
        }

        throw new InvalidOperationException("the block is in no segment");
    }

    /// <summary>Another store that holds the same volumes.</summary>
    internal sealed class Copy(BlockStore store) : IBlockHealer
    {
        public List<long> Offsets { get; } = [];

        public async ValueTask<IReadOnlyList<byte[]?>> FetchAsync(string volumeId, IReadOnlyList<LostBlock> blocks, CancellationToken cancellationToken)
        {
            Offsets.AddRange(blocks.Select(block => block.OffsetBytes));
            var volume = await store.OpenAsync(volumeId, cancellationToken);
            return [.. blocks.Select(volume.FindBlock)];
        }
    }

    private sealed class Liar : IBlockHealer
    {
        public int Asked { get; private set; }

        public ValueTask<IReadOnlyList<byte[]?>> FetchAsync(string volumeId, IReadOnlyList<LostBlock> blocks, CancellationToken cancellationToken)
        {
            Asked++;
            return new([.. blocks.Select(_ => new byte[4096])]);
        }
    }
}
