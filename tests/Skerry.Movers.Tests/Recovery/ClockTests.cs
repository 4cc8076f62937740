using System.Diagnostics;
using Skerry.Domain.Groups;
using Skerry.Domain.Recovery;
using Skerry.Domain.Replication;
using Skerry.Movers.Tests.Groups;
using Skerry.Movers.Tests.Native;
using static Skerry.Movers.Tests.Recovery.RecoveryTests;

namespace Skerry.Movers.Tests.Recovery;

/// <summary>Sites whose clocks are an hour apart, either way: what a forced failover may lose is told by one clock, and as a bound.</summary>
public sealed class ClockTests
{
    private static readonly CancellationToken None = CancellationToken.None;

    /// <summary>A loaded machine may take long over a heartbeat; an hour it never takes.</summary>
    private const double PlentySeconds = 300;

    [Theory]
    [InlineData(-1)]
    [InlineData(1)]
    public async Task The_loss_bound_of_a_forced_failover_is_true_though_the_clocks_are_an_hour_apart(int hoursOff)
    {
        await using var cloud = new LiveCloud();
        var north = await cloud.AddAsync("north");
        var south = await cloud.AddAsync("south", clockOff: TimeSpan.FromHours(hoursOff));
        var third = await cloud.AddAsync("third", clockOff: TimeSpan.FromHours(-2 * hoursOff));
        var (volumeId, replicationId) = await ReplicateAsync(north, south);
        var history = new DiskHistory();
        await WriteAsync(history, north, volumeId, 0, 20);
        await UntilAsync(() => north.Replications.Show(LiveSite.Admin, replicationId).Value is { Status: ReplicationWords.Secondary, Source.LagBytes: 0 });
        await UntilAsync(async () => await south.Replicas.FindAsync(volumeId, None) is { RecoveryPoint: { Number: >= 20, TakenAtHere: not null } });

        // From here on the replica gets nothing: whatever is lost is younger than this.
        cloud.Cut(north);
        var since = Stopwatch.GetTimestamp();
        await WriteAsync(history, north, volumeId, 30, 5);
        await UntilAsync(async () => !(await south.Replicas.FindAsync(volumeId, None))!.IsConnected);
        await north.KillAsync();
        await Task.Delay(1_200);
        var least = Stopwatch.GetElapsedTime(since).TotalSeconds;
        foreach (var asked in new[] { south, third })
        {
            await UntilAsync(async () => (await asked.Recovery.PreviewAsync(LiveSite.Admin, new FailoverRequest(volumeId, "south", IsForced: true), None)).Value.SecondsSinceWhole >= least);
            var preview = (await asked.Recovery.PreviewAsync(LiveSite.Admin, new FailoverRequest(volumeId, "south", IsForced: true), None)).Value;
            Assert.InRange(preview.SecondsSinceWhole!.Value, least, PlentySeconds);
            Assert.DoesNotContain("clocks of both", preview.Loss, StringComparison.Ordinal);
        }

        // A restart of the copy's site forgets nothing of it.
        await south.KillAsync();
        await south.StartAsync(None);
        var after = (await south.Recovery.PreviewAsync(LiveSite.Admin, new FailoverRequest(volumeId, "south", IsForced: true), None)).Value;
        Assert.InRange(after.SecondsSinceWhole!.Value, least, PlentySeconds);
        Assert.InRange(south.Replications.Show(LiveSite.Admin, replicationId).Value.RecoveryPointAgeSeconds!.Value, least, PlentySeconds);
    }

    [Fact]
    public async Task A_groups_loss_bound_is_true_though_the_clocks_are_an_hour_apart()
    {
        await using var rig = await GroupRig.StartAsync(2, southClockOff: TimeSpan.FromHours(-1));
        var west = await rig.Cloud.AddAsync("west", clockOff: TimeSpan.FromHours(1));
        await rig.Writer.WriteAsync(rig.North, 20);
        await rig.NextPointAsync(rig.South);
        rig.Cloud.Cut(rig.North);
        var since = Stopwatch.GetTimestamp();
        await rig.UntilDisconnectedAsync(rig.South);
        await Task.Delay(1_200);
        var least = Stopwatch.GetElapsedTime(since).TotalSeconds;
        var request = new GroupMoveRequest(rig.GroupId, IsForced: true);
        var preview = (await rig.South.GroupMoves.PreviewAsync(LiveSite.Admin, request, None)).Value;
        Assert.InRange(preview.SecondsSinceCut!.Value, least, PlentySeconds);
        var view = await rig.ShowAsync(rig.South);
        Assert.InRange((rig.South.Time.GetUtcNow() - (view.RecoveryPoint!.Value.TakenAt + view.ClockAhead)).TotalSeconds, least, PlentySeconds);

        // A third site, by whose clock the cut is yet another hour off, knows it from the replicas' site.
        GroupView? told = null;
        await RecoveryTests.UntilAsync(async () => (told = await rig.ShowAsync(west)) is { RecoveryPoint: not null });
        Assert.InRange((west.Time.GetUtcNow() - (told!.RecoveryPoint!.Value.TakenAt + told.ClockAhead)).TotalSeconds, least, PlentySeconds);

        var moved = await rig.South.GroupMoves.FailoverAsync(LiveSite.Admin, request, None);
        await rig.SucceedsAsync(rig.South, moved);
        var report = rig.South.Operations.Show(LiveSite.Admin, moved.Value.OperationId!).Value.Result!.ToString()!;
        foreach (var line in System.Text.Json.JsonDocument.Parse(report).RootElement.GetProperty("volumes").EnumerateArray())
        {
            Assert.InRange(line.GetProperty("loss_seconds").GetDouble(), least, PlentySeconds);
        }
    }
}
