using System.Diagnostics;
using System.Text.Json;
using Skerry.Blocks.Nbd;
using Skerry.TestKit.Time;

namespace Skerry.Blocks.Tests.Nbd;

/// <summary>Rates that all clients of a volume share.</summary>
public sealed class RateTests
{
    private const int Mebi = 1 << 20;

    public static TheoryData<string, NbdLimits, bool, long, double> Rates => new()
    {
        { "total operations", new() { TotalOperations = new(100) }, false, 4096, 100 },
        { "total operations", new() { TotalOperations = new(100) }, true, 0, 100 },
        { "read operations", new() { ReadOperations = new(50, 200) }, false, 4096, 50 },
        { "write operations", new() { WriteOperations = new(7) }, true, 4096, 7 },
        { "total bytes", new() { TotalBytes = new(Mebi) }, true, 4096, 256 },
        { "read bytes", new() { ReadBytes = new(Mebi, 4 * Mebi) }, false, 65_536, 16 },
        { "write bytes, larger than the burst", new() { WriteBytes = new(Mebi) }, true, 4 * Mebi, 0.25 },
        { "the lower of two", new() { TotalOperations = new(1000), ReadBytes = new(Mebi) }, false, 65_536, 16 },
    };

    [Theory]
    [MemberData(nameof(Rates))]
    public void Over_time_the_rate_is_exact_and_a_pause_saves_up_no_more_than_the_burst(string what, NbdLimits limits, bool isWrite, long bytes, double perSecond)
    {
        ManualTime time = new();
        NbdLimiter limiter = new(time) { Limits = limits };
        Assert.True(limiter.IsLimiting);
        NbdRate rate = (limits.TotalOperations, limits.ReadOperations, limits.WriteOperations) switch
        {
            _ when what.EndsWith("two", StringComparison.Ordinal) => limits.ReadBytes,
            ({ PerSecond: > 0 } total, _, _) => total,
            (_, { PerSecond: > 0 } read, _) => read,
            (_, _, { PerSecond: > 0 } write) => write,
            _ => limits.TotalBytes.PerSecond > 0 ? limits.TotalBytes : isWrite ? limits.WriteBytes : limits.ReadBytes,
        };
        double burst = (rate.Burst > 0 ? rate.Burst : rate.PerSecond / 10.0) / rate.PerSecond * perSecond;
        foreach (double pauseSeconds in new[] { 0, 3600.0 })
        {
            time.Advance(TimeSpan.FromSeconds(pauseSeconds));
            TimeSpan taken = TimeSpan.Zero;
            int done = 0;
            for (; taken < TimeSpan.FromSeconds(100); done++)
            {
                while (!limiter.TryTake(isWrite, bytes, out TimeSpan wait))
                {
                    Assert.InRange(wait, TimeSpan.FromTicks(1), TimeSpan.FromSeconds(1000));
                    time.Advance(wait);
                    taken += wait;
                }
            }

            Assert.InRange(done, (perSecond * 100) - 1, (perSecond * 100) + burst + 2 + (perSecond / 100));
        }
    }

    [Fact]
    public void What_a_limit_does_not_name_is_free()
    {
        NbdLimiter limiter = new(new ManualTime()) { Limits = new() { ReadOperations = new(1), WriteBytes = new(1) } };
        for (int i = 0; i < 1000; i++)
        {
            Assert.True(limiter.TryTake(isWrite: true, 0, out _));
        }

        Assert.True(limiter.TryTake(isWrite: false, Mebi, out _));
        Assert.False(limiter.TryTake(isWrite: false, Mebi, out _));
        limiter.Limits = new();
        Assert.False(limiter.IsLimiting);
        Assert.True(limiter.TryTake(isWrite: false, Mebi, out _));
    }

    [Fact]
    public void The_same_limits_again_give_no_new_burst_and_others_do()
    {
        NbdLimiter limiter = new(new ManualTime()) { Limits = new() { TotalOperations = new(10, 2) } };
        Assert.True(limiter.TryTake(false, 0, out _));
        Assert.True(limiter.TryTake(false, 0, out _));
        limiter.Limits = new() { TotalOperations = new(10, 2) };
        Assert.False(limiter.TryTake(false, 0, out _));
        limiter.Limits = new() { TotalOperations = new(10, 3) };
        Assert.True(limiter.TryTake(false, 0, out _));
    }

    [Fact]
    public async Task All_connections_of_an_export_share_one_rate_and_a_change_reaches_those_that_wait()
    {
        MemoryDevice device = new(Mebi);
        NbdLimiter limiter = new(TimeProvider.System) { Limits = new() { WriteOperations = new(100, 10) } };
        await using Served served = await Served.Start(device, limiter: limiter);
        RawClient[] clients = [served.Connect(), served.Connect(), served.Connect()];
        Stopwatch clock = Stopwatch.StartNew();
        foreach (RawClient client in clients)
        {
            for (ulong i = 0; i < 40; i++)
            {
                client.Ask(RawClient.Write, i, i * 4096, 4096, payload: new byte[4096]);
            }
        }

        // 10 at once and 100 a second: 60 after half a second, however the machine is loaded.
        await served.Eventually(() => device.Calls.Count >= 60, "half of it is done");
        Assert.InRange(clock.Elapsed.TotalSeconds, 0.45, 5);

        // A flush is free, but waits behind what was sent before it; another connection's does not.
        using (RawClient other = served.Connect())
        {
            Assert.Equal(0u, other.Do(RawClient.Flush, 0, 0).Error);
            Assert.Equal(0u, other.Do(RawClient.Read, 0, 4096).Error);
        }

        limiter.Limits = new() { WriteOperations = new(1, 1) };
        await Task.Delay(200);
        int slow = device.Calls.Count(call => call.Kind == "write");
        await Task.Delay(300);
        Assert.InRange(device.Calls.Count(call => call.Kind == "write"), slow, slow + 2);
        limiter.Limits = new();
        foreach (RawClient client in clients)
        {
            for (int i = 0; i < 40; i++)
            {
                Assert.Equal(0u, client.Next().Error);
            }

            client.Dispose();
        }
    }

    [Fact]
    public async Task A_client_that_waits_for_its_rate_is_stopped_at_once()
    {
        NbdLimiter limiter = new(TimeProvider.System) { Limits = new() { TotalBytes = new(1000, 1) } };
        using CancellationTokenSource revoke = new();
        await using Served served = await Served.Start(new MemoryDevice(Mebi), limiter: limiter, revoked: revoke.Token);
        using RawClient stopped = served.Connect();
        stopped.Do(RawClient.Write, 0, Mebi, payload: new byte[Mebi]);
        stopped.Ask(RawClient.Read, 2, 0, 4096);
        using RawClient revoked = served.Connect();
        revoked.Ask(RawClient.Write, 3, 0, 4096, payload: new byte[4096]);
        await Task.Delay(50);

        Stopwatch clock = Stopwatch.StartNew();
        await revoke.CancelAsync();
        await served.Eventually(() => served.Leases == 0, "both are gone");
        await served.Server.StopAsync(CancellationToken.None);
        Assert.InRange(clock.Elapsed.TotalSeconds, 0, 1.5);
    }

    [Fact]
    public async Task Fio_runs_at_the_rate_that_it_is_given()
    {
        ClientProgram.Require("fio");
        Assert.Contains("nbd", await ClientProgram.Run("fio", "--enghelp"), StringComparison.Ordinal);
        NbdLimiter limiter = new(TimeProvider.System) { Limits = new() { ReadOperations = new(300, 1) } };
        await using Served served = await Served.Start(new MemoryDevice(8 * Mebi), limiter: limiter);

        string output = await ClientProgram.Run(
            "fio", "--name=rate", "--ioengine=nbd", $"--uri={served.Uri}", "--rw=randread", "--bs=4k", "--iodepth=16", "--numjobs=2", "--group_reporting",
            "--size=8m", "--time_based", "--runtime=2", "--output-format=json");

        using JsonDocument report = JsonDocument.Parse(output[output.IndexOf('{', StringComparison.Ordinal)..]);
        Assert.InRange(report.RootElement.GetProperty("jobs")[0].GetProperty("read").GetProperty("total_ios").GetInt32(), 300, 700);
    }
}
