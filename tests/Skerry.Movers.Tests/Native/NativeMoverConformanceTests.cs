using Skerry.Domain.Replication;
using Skerry.TestKit.Movers;

namespace Skerry.Movers.Tests.Native;

public sealed class NativeMoverConformanceTests
{
    public static TheoryData<string> Cases => [.. DataMoverConformance.Cases.Keys];

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task The_native_mover_conforms(string name)
    {
        var cloud = new TestCloud();
        await using var rig = new Rig(cloud, cloud.Add(1), cloud.Add(2));
        await rig.CreateAsync();
        await DataMoverConformance.Cases[name](rig);
    }

    private sealed class Rig(TestCloud cloud, TestSite north, TestSite south) : IMoverRig
    {
        private int _writes;

        public IDataMover Mover => north.Mover;

        public bool IsCutOff
        {
            get => cloud.IsCutOff;
            set
            {
                cloud.IsCutOff = value;
                if (value)
                {
                    north.Cut();
                }
            }
        }

        public MoverTask Task(DateTimeOffset? run = null) => north.TaskTo(south, run);

        public async Task CreateAsync()
        {
            cloud.Begin(north);
            await north.CreateAsync(4 << 20);
        }

        public async Task WriteAsync(int count)
        {
            var volume = await north.OpenAsync();
            for (; count > 0; count--, _writes++)
            {
                await NativeMoverTests.WriteAsync(volume, _writes * 8192, 4096, _writes);
            }
        }

        public async Task AssertSameAsync() => await NativeMoverTests.AssertSameAsync(await north.OpenAsync(), await south.OpenAsync());

        public ValueTask DisposeAsync() => cloud.DisposeAsync();
    }
}
