using Skerry.Domain.Volumes;
using Skerry.TestKit.Drivers;

namespace Skerry.Domain.Tests.Volumes;

/// <summary>The driver that these tests stand on keeps the contract that real drivers keep.</summary>
public sealed class MemoryVolumeDriverTests
{
    public static TheoryData<string> Cases => [.. VolumeDriverConformance.Cases.Keys];

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task The_memory_driver_conforms(string name)
    {
        await using var bench = new Bench();
        await VolumeDriverConformance.Cases[name](bench);
    }

    private sealed class Bench : IDriverBench
    {
        private readonly MemoryDisk _disk = new();
        private MemoryVolumeDriver _driver;

        public Bench() => _driver = new MemoryVolumeDriver("ssd", _disk);

        public IVolumeDriver Driver => _driver;

        public ValueTask WriteAsync(string volumeId, long block, byte[] content)
        {
            _driver.Write(volumeId, block, content);
            return ValueTask.CompletedTask;
        }

        public ValueTask<byte[]> ReadAsync(string volumeId, string? snapshotId, long block) =>
            ValueTask.FromResult(_driver.Read(volumeId, snapshotId, block));

        public ValueTask RestartAsync()
        {
            _driver = new MemoryVolumeDriver("ssd", _disk);
            return ValueTask.CompletedTask;
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
