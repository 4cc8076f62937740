using Skerry.Blocks;
using Skerry.Domain.Recovery;
using Skerry.Domain.Replication;
using Skerry.Movers.Native;
using Skerry.Movers.Tests.Native.Disasters;

namespace Skerry.Movers.Tests.Native;

/// <summary>What an acknowledged flush promises, by what the replica has on its disk at that very moment.</summary>
public sealed class AckTests
{
    private const long Size = 8 << 20;
    private static readonly TimeSpan Lease = TimeSpan.FromMilliseconds(400);

    [Fact]
    public async Task A_flush_is_acknowledged_when_it_is_durable_at_both_and_plain_writes_do_not_wait()
    {
        await using var cloud = new TestCloud();
        var (north, south, source) = await BeginAsync(cloud, waits: true, stops: false);
        var replica = await south.OpenAsync();
        for (var i = 0; i < 40; i++)
        {
            await WriteAsync(source, i);
            if (i % 3 == 0)
            {
                await source.WriteAsync(i * 4096, new byte[4096], WriteOptions.ForceUnitAccess, CancellationToken.None);
            }
            else
            {
                await source.FlushAsync(CancellationToken.None);
            }

            Assert.Equal(source.Lineage.LastNumber, replica.DurableNumber);
        }

        Assert.Null(cloud.Ledger.Note);
        Assert.Equal(AckStates.Both, Report(north, south, true, false).Acks!.State);

        // Nothing moves, and nobody knows: a write is done at once, a flush is not.
        north.Stall();
        await WriteAsync(source, 50).AsTask().WaitAsync(TimeSpan.FromSeconds(1));
        var flush = source.FlushAsync(CancellationToken.None).AsTask();
        await Task.Delay(100);
        Assert.False(flush.IsCompleted);
        north.Cut();
        await flush.WaitAsync(TimeSpan.FromSeconds(60));
    }

    [Fact]
    public async Task Many_flushes_share_one_ask()
    {
        await using var cloud = new TestCloud();
        var (_, south, source) = await BeginAsync(cloud, waits: true, stops: false);
        var syncs = south.Syncs;
        for (var i = 0; i < 200; i++)
        {
            await WriteAsync(source, i);
        }

        // All begin before the first can have its answer.
        await Task.WhenAll(Enumerable.Range(0, 200).Select(_ => source.FlushAsync(CancellationToken.None).AsTask()).ToArray());
        Assert.InRange(south.Syncs - syncs, 1, 100);
        Assert.Equal(source.Lineage.LastNumber, (await south.OpenAsync()).DurableNumber);
    }

    [Fact]
    public async Task With_the_target_away_flushes_go_on_once_that_is_noted_and_the_note_stands_until_all_is_durable_again()
    {
        await using var cloud = new TestCloud();
        var (north, south, source) = await BeginAsync(cloud, waits: true, stops: false);
        cloud.IsCutOff = true;
        north.Cut();
        cloud.Ledger.IsBroken = true;
        await WriteAsync(source, 1);
        var flush = source.FlushAsync(CancellationToken.None).AsTask();
        await Task.Delay(300);
        Assert.False(flush.IsCompleted, "a flush was acknowledged that the replica does not have, and nobody was told");

        cloud.Ledger.IsBroken = false;
        await flush.WaitAsync(TimeSpan.FromSeconds(60));
        Assert.NotNull(cloud.Ledger.Note);
        Assert.Equal(AckStates.LocalOnly, Report(north, south, true, false).Acks!.State);

        cloud.IsCutOff = false;
        await UntilAsync(() => cloud.Ledger.Note is null);
        Assert.Equal(source.Lineage.LastNumber, (await south.OpenAsync()).DurableNumber);
        await WriteAsync(source, 2);
        await source.FlushAsync(CancellationToken.None);
        Assert.Equal(source.Lineage.LastNumber, (await south.OpenAsync()).DurableNumber);
    }

    [Fact]
    public async Task What_flushes_wait_for_can_be_changed_while_they_come()
    {
        await using var cloud = new TestCloud();
        var (north, south, source) = await BeginAsync(cloud, waits: false, stops: false);
        using var done = new CancellationTokenSource();
        var writer = Task.Run(async () =>
        {
            for (var i = 0; !done.IsCancellationRequested; i++)
            {
                await WriteAsync(source, i % 1000);
                await source.FlushAsync(CancellationToken.None);
            }
        });
        for (var i = 0; i < 10; i++)
        {
            Report(north, south, waits: i % 2 == 0, stops: false);
            await Task.Delay(20);
        }

        Report(north, south, waits: true, stops: false);
        await done.CancelAsync();
        await writer.WaitAsync(TimeSpan.FromSeconds(60));
        await source.FlushAsync(CancellationToken.None);
        Assert.Equal(source.Lineage.LastNumber, (await south.OpenAsync()).DurableNumber);
        Report(north, south, waits: false, stops: false);
        Assert.Null(source.Gate);
    }

    [Fact]
    public async Task Cut_off_a_primary_that_is_to_stop_holds_writes_and_flushes_until_the_target_is_back()
    {
        await using var cloud = new TestCloud();
        var (north, south, source) = await BeginAsync(cloud, waits: true, stops: true);
        await UntilAsync(() => Report(north, south, true, true).Acks is { State: AckStates.Both, IsUnderLease: true });
        await WriteAsync(source, 1);
        await source.FlushAsync(CancellationToken.None);

        cloud.IsCutOff = true;
        north.Cut();
        await Task.Delay(Lease + TimeSpan.FromMilliseconds(100));
        var last = source.Lineage.LastNumber;
        var write = WriteAsync(source, 2).AsTask();
        var flush = source.FlushAsync(CancellationToken.None).AsTask();
        await Task.Delay(200);
        Assert.False(write.IsCompleted || flush.IsCompleted);
        Assert.Equal(last, source.Lineage.LastNumber);
        Assert.Equal(AckStates.Held, Report(north, south, true, true).Acks!.State);
        Assert.Null(cloud.Ledger.Note);

        // Whoever gives up waiting is told so, and no more.
        using var patience = new CancellationTokenSource(50);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await source.FlushAsync(patience.Token));

        cloud.IsCutOff = false;
        await Task.WhenAll(write, flush).WaitAsync(TimeSpan.FromSeconds(60));
        await source.FlushAsync(CancellationToken.None);
        Assert.Equal(source.Lineage.LastNumber, (await south.OpenAsync()).DurableNumber);
    }

    /// <summary>The link once waited, before it sent the snapshot, for a flush at both sites, and so for itself.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_snapshot_that_was_taken_while_flushes_were_held_travels_and_lets_them_go(bool isTakenBeforeStreaming)
    {
        await using var cloud = new TestCloud();
        var (north, south, source) = await BeginAsync(cloud, waits: true, stops: true);
        await UntilAsync(() => Report(north, south, true, true).Acks is { IsUnderLease: true, State: AckStates.Both });
        cloud.IsCutOff = isTakenBeforeStreaming;
        north.Cut();
        await WriteAsync(source, 1);
        var snapshotId = Guid.NewGuid().ToString();
        await source.CreateSnapshotAsync(snapshotId, CancellationToken.None);
        if (isTakenBeforeStreaming)
        {
            await Task.Delay(Lease);
        }

        var flush = source.FlushAsync(CancellationToken.None).AsTask();
        cloud.IsCutOff = false;
        await flush.WaitAsync(TimeSpan.FromSeconds(30));
        await UntilAsync(async () => (await south.OpenAsync()).Snapshots.Any(s => s.Id == snapshotId));
    }

    /// <summary>The new session once did not know that flushes were held for the relation, and left them so.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Flushes_go_on_when_the_mode_changes_together_with_what_they_wait_for(bool isRestarted)
    {
        await using var cloud = new TestCloud();
        var (north, south, source) = await BeginAsync(cloud, waits: true, stops: false);
        if (isRestarted)
        {
            await north.KillAsync();
            source = await north.OpenAsync();
            await north.Mover.ArmAsync(TestCloud.Volume, cloud.Current, [TaskOf(north, south, true, false)], CancellationToken.None);
            await source.BeginRunAsync(cloud.Current.Number, CancellationToken.None);
        }

        north.Mover.Synchronize(TaskOf(north, south, false, false) with { Run = DateTimeOffset.UtcNow });
        await WriteAsync(source, 1);
        await source.FlushAsync(CancellationToken.None).AsTask().WaitAsync(TimeSpan.FromSeconds(30));
    }

    /// <summary>The link of the run once ended before the lease was given back, and nothing was acknowledged until the next run.</summary>
    [Fact]
    public async Task A_relation_that_changes_from_stopping_to_runs_gives_the_lease_back_and_writes_go_on()
    {
        await using var cloud = new TestCloud();
        var (north, south, source) = await BeginAsync(cloud, waits: true, stops: true);
        await UntilAsync(() => Report(north, south, true, true).Acks is { IsUnderLease: true, State: AckStates.Both });
        var run = TaskOf(north, south, false, false) with { Run = DateTimeOffset.UtcNow };
        await north.UntilAsync(run, r => r.CompletedRun is not null);
        await Task.Delay(Lease * 2);
        await WriteAsync(source, 1).AsTask().WaitAsync(TimeSpan.FromSeconds(30));
        await source.FlushAsync(CancellationToken.None).AsTask().WaitAsync(TimeSpan.FromSeconds(30));
        Assert.Null(await south.Replicas.FindLeaseAsync(TestCloud.Volume, CancellationToken.None));
    }

    /// <summary>The run was told to be complete before: a link that broke right then was never made anew, and nothing was acknowledged until the next run.</summary>
    [Fact]
    public async Task A_run_whose_link_breaks_before_the_lease_is_given_back_is_not_complete_before_it_is()
    {
        await using var cloud = new TestCloud();
        var (north, south, source) = await BeginAsync(cloud, waits: true, stops: true);
        await UntilAsync(() => Report(north, south, true, true).Acks is { IsUnderLease: true, State: AckStates.Both });
        south.Arm(MoverSteps.LeaseForgotten, 1, Blow.Stall, new Random(1));
        var run = TaskOf(north, south, false, false) with { Run = DateTimeOffset.UtcNow };
        north.Mover.Synchronize(run);
        await UntilAsync(() => !south.IsArmed);
        await Task.Delay(cloud.Options.HeartbeatInterval);
        north.Cut();
        await north.UntilAsync(run, r => r.CompletedRun is not null);
        await Task.Delay(Lease * 2);
        Assert.Null(await south.Replicas.FindLeaseAsync(TestCloud.Volume, CancellationToken.None));
        await WriteAsync(source, 1).AsTask().WaitAsync(TimeSpan.FromSeconds(30));
        await source.FlushAsync(CancellationToken.None).AsTask().WaitAsync(TimeSpan.FromSeconds(30));
    }

    [Fact]
    public async Task A_primary_under_a_lease_that_restarts_acknowledges_nothing_before_it_is_granted_again()
    {
        await using var cloud = new TestCloud();
        var (north, south, source) = await BeginAsync(cloud, waits: true, stops: true);
        await UntilAsync(() => Report(north, south, true, true).Acks is { IsUnderLease: true, State: AckStates.Both });
        cloud.IsCutOff = true;
        await north.KillAsync();
        source = await north.OpenAsync();
        await north.Mover.ArmAsync(TestCloud.Volume, cloud.Current, [TaskOf(north, south, true, true)], CancellationToken.None);
        await source.BeginRunAsync(cloud.Current.Number, CancellationToken.None);
        var write = WriteAsync(source, 1).AsTask();
        Report(north, south, true, true);
        await Task.Delay(200);
        Assert.False(write.IsCompleted);

        // Not even when the relation wants it no more: the target may not have heard of that.
        Report(north, south, true, false);
        await Task.Delay(200);
        Assert.False(write.IsCompleted);

        cloud.IsCutOff = false;
        await write.WaitAsync(TimeSpan.FromSeconds(60));
        await UntilAsync(() => Report(north, south, true, false).Acks is { IsUnderLease: false });
        Assert.Null(await south.Replicas.FindLeaseAsync(TestCloud.Volume, CancellationToken.None));
    }

    [Fact]
    public async Task A_person_who_fences_the_targets_site_frees_the_primary()
    {
        await using var cloud = new TestCloud();
        var (north, south, source) = await BeginAsync(cloud, waits: true, stops: true);
        await UntilAsync(() => Report(north, south, true, true).Acks is { IsUnderLease: true, State: AckStates.Both });
        cloud.IsCutOff = true;
        north.Cut();
        await Task.Delay(Lease);
        var write = WriteAsync(source, 1).AsTask();
        var task = TaskOf(north, south, true, true);
        north.Mover.Synchronize(task with { Acks = task.Acks! with { IsTargetFenced = true } });
        await write.WaitAsync(TimeSpan.FromSeconds(60));
        await source.FlushAsync(CancellationToken.None).AsTask().WaitAsync(TimeSpan.FromSeconds(60));
        Assert.NotNull(cloud.Ledger.Note);
    }

    [Fact]
    public async Task What_waits_at_a_primary_that_was_passed_over_is_never_acknowledged()
    {
        await using var cloud = new TestCloud();
        var (north, south, source) = await BeginAsync(cloud, waits: true, stops: true);
        await UntilAsync(() => Report(north, south, true, true).Acks is { IsUnderLease: true, State: AckStates.Both });
        cloud.IsCutOff = true;
        north.Cut();
        await WriteAsync(source, 1);
        var flush = source.FlushAsync(CancellationToken.None).AsTask();
        await Task.Delay(Lease);
        var write = WriteAsync(source, 2).AsTask();
        cloud.Raise(south, 0);
        await source.EndRunAsync(CancellationToken.None);
        await north.Mover.CleanupAsync(TestCloud.Replication, TestCloud.Volume, forGood: true, CancellationToken.None);
        await Task.Delay(100);
        Assert.False(write.IsCompletedSuccessfully || flush.IsCompletedSuccessfully);

        // It is primary again later: what waited then belongs to another time.
        cloud.Raise(north, 0);
        await north.Mover.ArmAsync(TestCloud.Volume, cloud.Current, [TaskOf(north, south, true, true)], CancellationToken.None);
        await source.BeginRunAsync(cloud.Current.Number, CancellationToken.None);
        await Assert.ThrowsAsync<BlockException>(() => write.WaitAsync(TimeSpan.FromSeconds(60)));
        await Assert.ThrowsAsync<BlockException>(() => flush.WaitAsync(TimeSpan.FromSeconds(60)));
    }

    [Fact]
    public async Task The_target_waits_a_full_lease_after_its_last_grant_and_after_its_own_restart()
    {
        await using var cloud = new TestCloud();
        var (north, south, _) = await BeginAsync(cloud, waits: true, stops: true);
        await UntilAsync(async () => await south.Replicas.FindLeaseAsync(TestCloud.Volume, CancellationToken.None) is not null);
        cloud.IsCutOff = true;
        north.Cut();
        var standing = await south.Replicas.FindLeaseAsync(TestCloud.Volume, CancellationToken.None);
        Assert.Equal((TestCloud.Replication, cloud.Current.Id), (standing!.ReplicationId, standing.GenerationId));
        await UntilAsync(async () => (await south.Replicas.FindLeaseAsync(TestCloud.Volume, CancellationToken.None))!.Left == TimeSpan.Zero);

        // What the process before it granted is not known to this one.
        await south.CrashAsync(new Random(1));
        standing = await south.Replicas.FindLeaseAsync(TestCloud.Volume, CancellationToken.None);
        Assert.InRange(standing!.Left, LeaseRule.Wait(Lease) * 0.5, LeaseRule.Wait(Lease));
    }

    [Fact]
    public async Task A_target_of_version_one_is_streamed_to_and_flushes_say_that_they_are_acknowledged_locally()
    {
        await using var cloud = new TestCloud();
        var (north, south) = (cloud.Add(1), cloud.Add(2, isOld: true));
        cloud.Begin(north);
        var source = await north.CreateAsync(Size);
        await WriteAsync(source, 0);
        await UntilAsync(() => Report(north, south, true, true) is { State: ReplicationWords.Secondary, IsConnected: true });
        await WriteAsync(source, 1);
        await source.FlushAsync(CancellationToken.None).AsTask().WaitAsync(TimeSpan.FromSeconds(60));
        Assert.Contains("older version", cloud.Ledger.Note);
        var acks = Report(north, south, true, true).Acks!;
        Assert.Equal((AckStates.LocalOnly, false), (acks.State, acks.IsUnderLease));
    }

    private static async Task<(TestSite North, TestSite South, BlockVolume Source)> BeginAsync(TestCloud cloud, bool waits, bool stops)
    {
        var (north, south) = (cloud.Add(1), cloud.Add(2));
        cloud.Begin(north);
        var source = await north.CreateAsync(Size);
        await WriteAsync(source, 0);
        await north.UntilAsync(TaskOf(north, south, waits, stops), r => r.State == ReplicationWords.Secondary && r.IsConnected);
        await UntilAsync(() => Report(north, south, waits, stops) is var report
            && (!waits || report.Acks is { State: AckStates.Both }));
        return (north, south, source);
    }

    private static MoverTask TaskOf(TestSite north, TestSite south, bool waits, bool stops) =>
        north.TaskTo(south) with { Acks = new AckTerms(waits, stops, Lease, false, false) };

    private static MoverReport Report(TestSite north, TestSite south, bool waits, bool stops) =>
        north.Mover.Synchronize(TaskOf(north, south, waits, stops));

    private static ValueTask WriteAsync(BlockVolume volume, int block) =>
        volume.WriteAsync(block * 4096L, Content(block), WriteOptions.None, CancellationToken.None);

    private static byte[] Content(int block)
    {
        var content = new byte[4096];
        new Random(block).NextBytes(content);
        return content;
    }

    private static Task UntilAsync(Func<bool> condition) => UntilAsync(() => Task.FromResult(condition()));

    private static async Task UntilAsync(Func<Task<bool>> condition)
    {
        var deadline = DateTime.UtcNow.AddSeconds(60);
        while (!await condition())
        {
            Assert.True(DateTime.UtcNow < deadline, "it did not come to it");
            await Task.Delay(5);
        }
    }
}
