using Skerry.Blocks;
using Skerry.Domain.Volumes;
using Skerry.Drivers.Native;
using Skerry.TestKit.Domain;
using Skerry.TestKit.Drivers;
using Skerry.TestKit.Time;

namespace Skerry.Drivers.Tests.Native;

public sealed class NativeDriverTests
{
    private static readonly CancellationToken None = CancellationToken.None;

    public static TheoryData<string> Cases => [.. VolumeDriverConformance.Cases.Keys];

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task The_native_driver_conforms(string name)
    {
        await using var bench = await Bench.StartAsync();
        await VolumeDriverConformance.Cases[name](bench);
    }

    [Fact]
    public async Task A_copy_of_a_volume_with_a_history_opens_in_its_sources_generation_and_not_below()
    {
        await using var bench = await Bench.StartAsync();
        await bench.Driver.CreateAsync(new NewVolume("v", 64 << 20), None);
        await bench.Driver.OpenForWritingAsync("v", 4, None);
        await bench.WriteAsync("v", 0, new byte[4096]);
        await bench.Driver.CreateAsync(new NewVolume("copy", 64 << 20, "v"), None);
        var refused = await Assert.ThrowsAsync<DriverException>(async () => await bench.Driver.OpenForWritingAsync("copy", 1, None));
        Assert.Equal(DriverError.Mismatch, refused.Error);
        await bench.Driver.OpenForWritingAsync("copy", 4, None);
    }

    [Fact]
    public async Task An_encrypted_volume_is_not_made_where_there_is_no_key_to_wrap_its_own_for()
    {
        await using var bench = await Bench.StartAsync();
        var refused = await Assert.ThrowsAsync<DriverException>(
            async () => await bench.Driver.CreateAsync(new NewVolume("v", 64 << 20, IsEncrypted: true), None));
        Assert.Equal(DriverError.Mismatch, refused.Error);
        Assert.False(bench.Driver.Holds("v"));
        await bench.Driver.CreateAsync(new NewVolume("v", 64 << 20), None);
        Assert.Null(bench.Driver.Keys!.WhyLocked("v"));
        refused = await Assert.ThrowsAsync<DriverException>(
            async () => await bench.Driver.CreateAsync(new NewVolume("v", 64 << 20, IsEncrypted: true), None));
        Assert.Contains("in the clear", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_larger_copy_that_was_cut_off_half_made_is_completed()
    {
        await using var bench = await Bench.StartAsync();
        await bench.Driver.CreateAsync(new NewVolume("v", 64 << 20), None);
        await bench.Store.CloneAsync("copy", "v", null, None);
        await bench.Driver.CreateAsync(new NewVolume("copy", 128 << 20, "v"), None);
        Assert.Equal(128 << 20, (await bench.Store.OpenAsync("copy", None)).SizeBytes);
    }

    [Fact]
    public async Task Opening_and_fencing_at_once_end_fenced_or_open_as_told_last_and_never_in_between()
    {
        await using var bench = await Bench.StartAsync();
        await bench.Driver.CreateAsync(new NewVolume("v", 64 << 20), None);
        for (var round = 0; round < 50; round++)
        {
            var generation = round + 1;
            var opening = Task.Run(async () => await bench.Driver.OpenForWritingAsync("v", generation, None), None);
            var fencing = Task.Run(async () => await bench.Driver.FenceAsync("v", "test", None), None);
            await Task.WhenAll(opening, fencing);
            await bench.Driver.FenceAsync("v", "test", None);
            await Assert.ThrowsAnyAsync<BlockException>(async () => await bench.WriteAsync("v", 0, new byte[4096]));
        }
    }

    private sealed class Bench : IDriverBench
    {
        private readonly DirectoryInfo _root = Directory.CreateTempSubdirectory("skerry-driver-");
        private DomainSite _site = null!;
        private int _copies;

        public BlockStore Store { get; private set; } = null!;

        public IVolumeDriver Driver { get; private set; } = null!;

        public static async Task<Bench> StartAsync()
        {
            var bench = new Bench { _site = await DomainSite.StartAsync("north", new ManualTime()) };
            await bench.OpenAsync();
            return bench;
        }

        public async ValueTask WriteAsync(string volumeId, long block, byte[] content)
        {
            var volume = await Store.OpenAsync(volumeId, None);
            await volume.WriteAsync(block * 4096, content, WriteOptions.ForceUnitAccess, None);
        }

        public async ValueTask<byte[]> ReadAsync(string volumeId, string? snapshotId, long block)
        {
            var volume = await Store.OpenAsync(volumeId, None);
            var device = snapshotId is null ? volume : volume.OpenSnapshot(snapshotId);
            var content = new byte[4096];
            await device.ReadAsync(block * 4096, content, None);
            return content;
        }

        /// <summary>Goes on from what the files hold while the store is still open, as after SIGKILL.</summary>
        public async ValueTask RestartAsync()
        {
            var from = Current;
            _copies++;
            Directory.CreateDirectory(Current);
            foreach (var file in Directory.EnumerateFiles(from).Where(f => Path.GetFileName(f) != "lock"))
            {
                File.Copy(file, Path.Combine(Current, Path.GetFileName(file)));
            }

            await Store.DisposeAsync();
            await OpenAsync();
        }

        public async ValueTask DisposeAsync()
        {
            await Store.DisposeAsync();
            await _site.DisposeAsync();
            _root.Delete(recursive: true);
        }

        private string Current => Path.Combine(_root.FullName, $"store-{_copies}");

        private async Task OpenAsync()
        {
            Store = await BlockStore.OpenAsync(
                new BlockStoreOptions { Directory = Current, SegmentBytes = 1 << 20, CapacityBytes = 1 << 30 }, None);
            Driver = new NativeDriver("ssd", Store, _site.Exports);
        }
    }
}
