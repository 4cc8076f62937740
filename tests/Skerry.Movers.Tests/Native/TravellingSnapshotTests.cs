using Microsoft.Extensions.Logging.Abstractions;
using Skerry.Blocks;
using Skerry.Domain.Groups;
using Skerry.Domain.Replication;
using Skerry.Movers.Native;
using Skerry.Movers.Native.Wire;
using Skerry.Movers.Tests.Native.Disasters;

namespace Skerry.Movers.Tests.Native;

/// <summary>A snapshot has one id, and is one state, at every site that has it.</summary>
public sealed class TravellingSnapshotTests
{
    private const int Block = IBlockDevice.BlockSize;
    private const long Size = 4 << 20;

    private static readonly CancellationToken None = CancellationToken.None;

    [Fact]
    public async Task A_first_copy_passes_every_snapshot_on_oldest_first_over_links_that_break()
    {
        await using var cloud = new TestCloud();
        var (north, south, source, history) = await StartAsync(cloud);
        var chance = new Random(3);
        for (var round = 0; round < 4; round++)
        {
            for (var i = 0; i < 60; i++)
            {
                await history.WriteAsync(source, chance.Next(500), 1 + chance.Next(4), isTrim: chance.Next(8) == 0);
            }

            await source.CreateSnapshotAsync(Guid.NewGuid().ToString(), None);
        }

        await history.WriteAsync(source, 1, 1, isTrim: false);
        cloud.LinkBytes = () => 150_000 + chance.Next(200_000);
        await north.FollowAsync(south);
        var replica = await south.OpenAsync();
        Assert.Equal(Travelling(source), Travelling(replica));
        await HoldsAsync(history, replica);
    }

    [Fact]
    public async Task A_snapshot_taken_while_writes_are_streamed_is_the_same_state_there_and_moves_nothing_twice()
    {
        await using var cloud = new TestCloud();
        var (north, south, source, history) = await StartAsync(cloud);
        await history.WriteAsync(source, 0, 8, isTrim: false);
        await north.FollowAsync(south);
        for (var i = 0; i < 40; i++)
        {
            await history.WriteAsync(source, i * 3, 2, isTrim: false);
            if (i % 4 == 0)
            {
                await source.CreateSnapshotAsync(Guid.NewGuid().ToString(), None);
            }
        }

        // What is settled is all there, also what was kept after the last write.
        await source.CreateSnapshotAsync(Guid.NewGuid().ToString(), None);
        await north.FollowAsync(south);
        var replica = await south.OpenAsync();
        Assert.Equal(Travelling(source), Travelling(replica));
        Assert.Equal("first-copy", north.Mover.Synchronize(north.TaskTo(south)).LastTransfer!.Kind);
        await HoldsAsync(history, replica);
    }

    /// <summary>The replica had the beginning of another transfer, and was brought past the snapshot's state without it.</summary>
    [Fact]
    public async Task A_cut_passes_the_snapshots_before_it_also_where_a_transfer_was_left_open()
    {
        await using var cloud = new TestCloud();
        var (north, south, source, history) = await StartAsync(cloud);
        await history.WriteAsync(source, 0, 4, isTrim: false);
        await north.FollowAsync(south);
        cloud.IsCutOff = true;
        north.Cut();
        for (var i = 0; i < 100; i++)
        {
            await history.WriteAsync(source, i * 4, 4, isTrim: false);
        }

        south.Arm(MoverSteps.CatchUpBegun, 1, Blow.Stall, new Random(1));
        cloud.IsCutOff = false;
        await north.UntilAsync(north.TaskTo(south), _ => !south.IsArmed);
        cloud.IsCutOff = true;
        await north.Mover.CleanupAsync(TestCloud.Replication, TestCloud.Volume, forGood: false, None);
        north.Cut();
        await history.WriteAsync(source, 1, 1, isTrim: false);
        var id = Guid.NewGuid().ToString();
        await source.CreateSnapshotAsync(id, None);
        await history.WriteAsync(source, 2, 1, isTrim: false);
        var cut = Cut.New(DateTimeOffset.UtcNow, Guid.NewGuid().ToString());
        var order = new CutOrder(cut, [(TestCloud.Volume, TestCloud.Replication)], TimeSpan.FromSeconds(30));
        Assert.True((await north.Mover.SnapshotAsync(order, None)).IsTaken);
        Assert.NotNull(ReplicaCopy.Look(await south.OpenAsync()).CatchUp);
        cloud.IsCutOff = false;
        await north.UntilAsync(north.TaskTo(south, DateTimeOffset.UtcNow) with { CutId = cut.Id }, r => r.CompletedRun is not null);
        var replica = await south.OpenAsync();
        Assert.Contains(replica.Snapshots, s => s.Id == id);
        await HoldsAsync(history, replica);
    }

    [Fact]
    public async Task A_former_primary_gets_what_its_successor_took_and_keeps_what_it_took_apart()
    {
        await using var cloud = new TestCloud();
        var (north, south, source, history) = await StartAsync(cloud);
        await history.WriteAsync(source, 0, 20, isTrim: false);
        await source.CreateSnapshotAsync(Guid.NewGuid().ToString(), None);
        await north.FollowAsync(south);
        (cloud.IsCutOff, var fork) = (true, source.Lineage.LastNumber);
        north.Cut();
        await history.WriteAsync(source, 5, 3, isTrim: false);
        var apart = (await source.CreateSnapshotAsync(Guid.NewGuid().ToString(), None)).Id;
        await source.EndRunAsync(None);

        BlockVolume promoted;
        using (await south.Replicas.SettleAsync(TestCloud.Volume, None))
        {
            promoted = await south.OpenAsync();
            cloud.Raise(south, fork);
            await promoted.BeginRunAsync(2, None);
        }

        await promoted.CreateSnapshotAsync(Guid.NewGuid().ToString(), None);
        await history.WriteAsync(promoted, 10, 3, isTrim: false);
        await promoted.CreateSnapshotAsync(Guid.NewGuid().ToString(), None);
        cloud.IsCutOff = false;
        await north.Mover.CleanupAsync(TestCloud.Replication, TestCloud.Volume, forGood: true, None);
        await south.FollowAsync(north);
        Assert.All(Travelling(promoted), s => Assert.Contains(s, Travelling(source)));
        Assert.Contains(source.Snapshots, s => s.Id == apart);
        Assert.DoesNotContain(promoted.Snapshots, s => s.Id == apart);
        await HoldsAsync(history, source);
    }

    [Fact]
    public async Task A_run_that_is_kept_is_one_snapshot_at_both_sides_also_when_it_is_asked_for_twice()
    {
        await using var cloud = new TestCloud();
        var (north, south, source, history) = await StartAsync(cloud);
        for (var round = 0; round < 3; round++)
        {
            await history.WriteAsync(source, round * 4, 4, isTrim: false);
            var run = DateTimeOffset.UtcNow;
            var task = north.TaskTo(south, run) with { RunSnapshotId = Guid.NewGuid().ToString() };
            await north.UntilAsync(task, r => r.CompletedRun == run);
            Assert.Equal(task.RunSnapshotId, source.Snapshots.Single(s => s.Lineage.Equals(source.Lineage)).Id);
            await north.KillAsync();
            source = await north.OpenAsync();
            await north.UntilAsync(task, r => r.CompletedRun == run);
            Assert.Equal(round + 1, source.Snapshots.Count);
            Assert.Equal(Travelling(source), Travelling(await south.OpenAsync()));
            await source.BeginRunAsync(1, None);
        }
    }

    [Fact]
    public async Task A_replica_passes_on_whole_states_with_the_times_it_was_told_and_the_end_of_the_chain_follows_either_end()
    {
        await using var cloud = new TestCloud();
        var (edge, hub, archive) = (cloud.Add(1), cloud.Add(2), cloud.Add(3));
        (cloud.PassesOn, var began) = (hub, DateTimeOffset.UtcNow);
        cloud.Begin(edge);
        var (source, history) = (await edge.CreateAsync(Size), new DiskHistory());
        for (var i = 0; i < 10; i++)
        {
            await history.WriteAsync(source, i * 20, 20, isTrim: false);
        }

        await source.CreateSnapshotAsync(Guid.NewGuid().ToString(), None);
        await edge.FollowAsync(hub);
        var chained = hub.TaskTo(archive) with { IsPassedOn = true };
        await hub.UntilAsync(chained, r => r.State == ReplicationWords.Secondary);
        for (var i = 0; i < 30; i++)
        {
            await history.WriteAsync(source, i * 5, 2, isTrim: false);
        }

        await source.CreateSnapshotAsync(Guid.NewGuid().ToString(), None);
        await edge.FollowAsync(hub);
        await ReachAsync(hub, archive, chained, source.Lineage);
        var (middle, end) = (await hub.OpenAsync(), await archive.OpenAsync());
        Assert.Equal(Travelling(source), Travelling(end));
        await history.AssertHoldsAsync(end, end.Lineage, "the end of the chain");

        // Cut off from the primary, the hub does not make what it has look newer.
        edge.Cut();
        cloud.IsCutOff = true;
        await Task.Delay(150);
        cloud.IsCutOff = false;
        await edge.Mover.CleanupAsync(TestCloud.Replication, TestCloud.Volume, forGood: false, None);
        var cutAt = DateTimeOffset.UtcNow;
        await Task.Delay(300);
        await hub.UntilAsync(chained, r => r.State == ReplicationWords.Secondary);
        var point = (await archive.Replicas.FindAsync(TestCloud.Volume, None))!.RecoveryPoint!;
        Assert.InRange(point.TakenAt, began, cutAt);

        // The hub becomes the primary: what follows it moves what changed, and no more.
        using (await hub.Replicas.SettleAsync(TestCloud.Volume, None))
        {
            cloud.Raise(hub, middle.Lineage.LastNumber);
            await middle.BeginRunAsync(2, None);
        }

        await source.EndRunAsync(None);
        await history.WriteAsync(middle, 7, 3, isTrim: false);
        await hub.FollowAsync(archive);
        var moved = hub.Mover.Synchronize(hub.TaskTo(archive)).LastTransfer!.MovedBytes;
        Assert.InRange(moved, 0, 3 * Block);
        await history.AssertHoldsAsync(end, end.Lineage, "the end of the chain");

        // And past it: the archive is primary, the hub returns to it and passes on to the edge.
        await hub.Mover.CleanupAsync(hub.ReplicationTo(archive), TestCloud.Volume, forGood: true, None);
        await middle.EndRunAsync(None);
        using (await archive.Replicas.SettleAsync(TestCloud.Volume, None))
        {
            cloud.Raise(archive, end.Lineage.LastNumber);
            await end.BeginRunAsync(3, None);
        }

        await history.WriteAsync(end, 9, 4, isTrim: false);
        await archive.FollowAsync(hub);
        var back = hub.TaskTo(edge) with { IsPassedOn = true };
        await ReachAsync(hub, edge, back, end.Lineage);
        Assert.InRange(hub.Mover.Synchronize(back).LastTransfer!.MovedBytes, 1, 7 * Block);
        await history.AssertHoldsAsync(source, source.Lineage, "the edge, at the end of the chain");
    }

    [Fact]
    public async Task Peers_that_know_nothing_of_snapshots_are_sent_and_asked_for_none()
    {
        await using var cloud = new TestCloud();
        var (north, south, source, history) = await StartAsync(cloud);
        await history.WriteAsync(source, 0, 8, isTrim: false);
        await north.FollowAsync(south);
        await source.CreateSnapshotAsync(Guid.NewGuid().ToString(), None);
        await north.Mover.CleanupAsync(TestCloud.Replication, TestCloud.Volume, forGood: false, None);

        // An old source: the replica answers as it always did.
        using var old = await north.ConnectAsync(south.Id, NativeMover.Path, None);
        using var channel = new FrameChannel(old, TimeProvider.System);
        await channel.SendAsync(
            FrameKind.Hello, new HelloMessage(1, TestCloud.Replication, TestCloud.Volume, 1, "g1", Size), MoverJson.Default.HelloMessage, None);
        var state = (await channel.ReceiveAsync(None))!.Value.Json(MoverJson.Default.StateMessage);
        Assert.True(state is { Features: null, Snapshots: null });

        // An old replica: it says nothing of features, and gets the writes alone.
        var link = new MemoryLink();
        using var ended = new CancellationTokenSource();
        var facts = new SourceFacts();
        await using var acks = new SourceAcks(
            north.TaskTo(south), new VolumeGates(Skerry.Domain.Recovery.BootClock.System), cloud.Ledger, facts, TimeProvider.System, NullLogger.Instance);
        acks.Attach(source);
        using var sender = new FrameChannel(link.Client, TimeProvider.System);
        var running = new SourceLink(
            new SourceEnd(north.TaskTo(south), source, facts, cloud.Options, TimeProvider.System, NullLogger.Instance), sender, new SettleRequests(), acks,
            new TransferLimits(cloud.Options, TimeProvider.System)).RunAsync(() => north.TaskTo(south), ended.Token);
        using var replica = new FrameChannel(link.Server, TimeProvider.System);
        Assert.Equal(FrameKind.Hello, (await replica.ReceiveAsync(None))!.Value.Kind);
        await replica.SendAsync(
            FrameKind.State, new StateMessage(LineageDocument.Of(source.Lineage), Size, true, source.Lineage.LastNumber, null),
            MoverJson.Default.StateMessage, None);
        var sent = new List<FrameKind>();
        while (!sent.Contains(FrameKind.Mark))
        {
            sent.Add((await replica.ReceiveAsync(None))!.Value.Kind);
        }

        await source.CreateSnapshotAsync(Guid.NewGuid().ToString(), None);
        await history.WriteAsync(source, 9, 1, isTrim: false);
        while (!sent.Contains(FrameKind.Writes))
        {
            sent.Add((await replica.ReceiveAsync(None))!.Value.Kind);
        }

        Assert.DoesNotContain(FrameKind.MakeSnapshot, sent);
        await ended.CancelAsync();
        await Assert.ThrowsAnyAsync<Exception>(() => running);
    }

    /// <summary>An earlier link brought it, and the replica's disk did not take it yet: a loss of power would take it back.</summary>
    [Fact]
    public async Task A_run_is_not_complete_before_the_replica_has_its_state_durably()
    {
        await using var cloud = new TestCloud();
        var (north, south, source, history) = await StartAsync(cloud);
        await history.WriteAsync(source, 0, 8, isTrim: false);
        var task = north.TaskTo(south, DateTimeOffset.UtcNow);
        var link = new MemoryLink();
        var facts = new SourceFacts();
        await using var acks = new SourceAcks(
            task, new VolumeGates(Skerry.Domain.Recovery.BootClock.System), cloud.Ledger, facts, TimeProvider.System, NullLogger.Instance);
        acks.Attach(source);
        using var sender = new FrameChannel(link.Client, TimeProvider.System);
        var running = new SourceLink(
            new SourceEnd(task, source, facts, cloud.Options, TimeProvider.System, NullLogger.Instance), sender, new SettleRequests(), acks,
            new TransferLimits(cloud.Options, TimeProvider.System)).RunAsync(() => task, None);
        using var replica = new FrameChannel(link.Server, TimeProvider.System);
        Assert.Equal(FrameKind.Hello, (await replica.ReceiveAsync(None))!.Value.Kind);
        await SayAsync(source.Lineage.LastNumber - 1);
        FrameKind? kind;
        do
        {
            kind = (await replica.ReceiveAsync(None))?.Kind;
        }
        while (kind is FrameKind.Heartbeat);
        Assert.Equal(FrameKind.Ask, kind);
        Assert.Null(facts.CompletedRun);
        await SayAsync(source.Lineage.LastNumber);
        await running;
        Assert.Equal(task.Run, facts.CompletedRun?.At);

        ValueTask SayAsync(long durableNumber) => replica.SendAsync(
            FrameKind.State, new StateMessage(LineageDocument.Of(source.Lineage), Size, true, durableNumber, null), MoverJson.Default.StateMessage, None);
    }

    private static async Task ReachAsync(TestSite from, TestSite to, MoverTask task, Lineage lineage)
    {
        var replica = to.Replicas;
        await from.UntilAsync(task, r => r.State == ReplicationWords.Secondary && r.ReplicaNumber >= lineage.LastNumber);
        Assert.NotNull(await replica.FindAsync(TestCloud.Volume, None));
        Assert.Equal(lineage, (await to.OpenAsync()).Lineage);
    }

    private static async Task<(TestSite North, TestSite South, BlockVolume Source, DiskHistory History)> StartAsync(TestCloud cloud)
    {
        var (north, south) = (cloud.Add(1), cloud.Add(2));
        cloud.Begin(north);
        return (north, south, await north.CreateAsync(Size), new DiskHistory());
    }

    private static async Task HoldsAsync(DiskHistory history, BlockVolume volume)
    {
        foreach (var snapshot in volume.Snapshots.Where(s => TravellingSnapshots.Travels(s.Id)))
        {
            await history.AssertHoldsAsync(volume.OpenSnapshot(snapshot.Id), snapshot.Lineage, "a snapshot");
        }
    }

    private static List<(string Id, Lineage Lineage)> Travelling(BlockVolume volume) =>
        [.. volume.Snapshots.Where(s => TravellingSnapshots.Travels(s.Id)).Select(s => (s.Id, s.Lineage))];
}
