using System.Diagnostics;
using Skerry.Domain.Replication;
using Xunit;

namespace Skerry.TestKit.Movers;

/// <summary>The contract of <see cref="IDataMover"/>, once for all movers.</summary>
public static class DataMoverConformance
{
    public static IReadOnlyDictionary<string, Func<IMoverRig, Task>> Cases { get; } =
        new Dictionary<string, Func<IMoverRig, Task>>(StringComparer.Ordinal)
        {
            ["synchronize returns at once, and begins or continues"] = BeginOrContinue,
            ["a followed volume has no lag once it settled"] = Settle,
            ["settling ends with the caller's patience when the link is down"] = SettleCutOff,
            ["a run is completed once, and the next one ships what changed"] = Runs,
            ["cleaning up leaves the replica, and can be done twice"] = Cleanup,
        };

    private static async Task BeginOrContinue(IMoverRig rig)
    {
        await rig.WriteAsync(1);
        rig.IsCutOff = true;
        var clock = Stopwatch.StartNew();
        for (var i = 0; i < 100; i++)
        {
            rig.Mover.Synchronize(rig.Task());
        }

        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(2), $"100 calls took {clock.Elapsed}");
        await UntilAsync(rig, rig.Task(), r => r is { IsConnected: false, State: ReplicationWords.Disconnected, Reason: not null, NextStep: not null });
        rig.IsCutOff = false;
        await UntilAsync(rig, rig.Task(), r => r.State == ReplicationWords.Secondary);
    }

    private static async Task Settle(IMoverRig rig)
    {
        await rig.WriteAsync(20);
        await UntilAsync(rig, rig.Task(), r => r is { State: ReplicationWords.Secondary, IsConnected: true });
        await rig.WriteAsync(20);
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        var number = await rig.Mover.SettleAsync(rig.Task().ReplicationId, patience.Token);
        var report = await UntilAsync(rig, rig.Task(), r => r.LagBytes == 0);
        Assert.Equal(report.PrimaryNumber, number);
        Assert.Equal(report.PrimaryNumber, report.ReplicaNumber);
        await rig.AssertSameAsync();
    }

    private static async Task SettleCutOff(IMoverRig rig)
    {
        await UntilAsync(rig, rig.Task(), r => r.State == ReplicationWords.Secondary);
        rig.IsCutOff = true;
        await UntilAsync(rig, rig.Task(), r => !r.IsConnected);
        await rig.WriteAsync(1);
        using var patience = new CancellationTokenSource(TimeSpan.FromMilliseconds(100));
        Assert.Null(await rig.Mover.SettleAsync(rig.Task().ReplicationId, patience.Token));
    }

    private static async Task Runs(IMoverRig rig)
    {
        await rig.WriteAsync(20);
        var first = rig.Task(DateTimeOffset.UtcNow);
        var report = await UntilAsync(rig, first, r => r.CompletedRun == first.Run);
        await rig.AssertSameAsync();
        var moved = report.LastTransfer!.MovedBytes;
        await Task.Delay(50);
        Assert.Equal(report.LastTransfer, rig.Mover.Synchronize(first).LastTransfer);

        await rig.WriteAsync(1);
        var second = rig.Task(DateTimeOffset.UtcNow);
        report = await UntilAsync(rig, second, r => r.CompletedRun == second.Run);
        Assert.True(report.LastTransfer!.MovedBytes < moved, $"{report.LastTransfer}");
        await rig.AssertSameAsync();
    }

    private static async Task Cleanup(IMoverRig rig)
    {
        await rig.WriteAsync(5);
        var task = rig.Task(DateTimeOffset.UtcNow);
        await UntilAsync(rig, task, r => r.CompletedRun == task.Run);
        await rig.Mover.CleanupAsync(task.ReplicationId, task.VolumeId, forGood: true, CancellationToken.None);
        await rig.Mover.CleanupAsync(task.ReplicationId, task.VolumeId, forGood: true, CancellationToken.None);
        await rig.AssertSameAsync();
        Assert.Null(await rig.Mover.SettleAsync(task.ReplicationId, CancellationToken.None));
    }

    private static async Task<MoverReport> UntilAsync(IMoverRig rig, MoverTask task, Func<MoverReport, bool> condition)
    {
        for (var deadline = DateTime.UtcNow.AddSeconds(20); ; await Task.Delay(5))
        {
            var report = rig.Mover.Synchronize(task);
            if (condition(report))
            {
                return report;
            }

            Assert.True(DateTime.UtcNow < deadline, $"still {report}");
        }
    }
}

/// <summary>Two sites, a mover at the first, and a volume that is primary there; the link stands.</summary>
public interface IMoverRig : IAsyncDisposable
{
    IDataMover Mover { get; }

    /// <summary>True while the replica's site cannot be reached; setting it breaks what stands.</summary>
    bool IsCutOff { get; set; }

    MoverTask Task(DateTimeOffset? run = null);

    /// <summary>So many writes to the volume, of 4 KiB each, at places of their own.</summary>
    Task WriteAsync(int count);

    /// <summary>The replica's content is the volume's.</summary>
    Task AssertSameAsync();
}
