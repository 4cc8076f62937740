using Skerry.Domain;
using Skerry.Domain.Operations;
using Skerry.Domain.Recovery;
using Skerry.Domain.Replication;
using Skerry.Domain.Volumes;
using Skerry.Movers.Tests.Native;
using static Skerry.Movers.Tests.Recovery.RecoveryTests;

namespace Skerry.Movers.Tests.Recovery;

/// <summary>A planned failover stage by stage: what it shows, until when it can be aborted, and what a kill at each stage comes to.</summary>
public sealed class PlannedFailoverTests
{
    private static readonly CancellationToken None = CancellationToken.None;

    private static readonly string[] Stages = ["preflight", "final-sync", "drain", "last-sync", "verify", "hand-over", "promote", "reverse"];

    [Fact]
    public async Task Every_stage_is_shown_before_it_begins_and_can_be_aborted_until_the_generation_is_written()
    {
        await using var cloud = new LiveCloud();
        var (north, south) = (await cloud.AddAsync("north"), await cloud.AddAsync("south"));
        var (volumeId, _) = await ReplicateAsync(north, south);
        var history = new DiskHistory();
        await IsSecondaryAsync(north);
        foreach (var stage in Stages[..6])
        {
            await WriteAsync(history, north, volumeId, 0, 3);
            var gate = new Gate(north, stage);
            var asked = await AskAsync(north, south, volumeId, gate);
            var shown = north.Operations.Show(LiveSite.Admin, asked.OperationId!).Value.Progress!;
            Assert.Equal((stage, true, "promote"), (shown.Stage, shown.CanAbort, shown.AbortUntil));
            Assert.Equal(Stages, shown.Stages);

            var aborted = await north.Recovery.AbortAsync(LiveSite.Admin, volumeId, None);
            Assert.Equal(asked.OperationId, aborted.Value.OperationId);
            gate.Open();
            var operation = await north.Operations.WaitAsync(LiveSite.Admin, asked.OperationId!, TimeSpan.FromSeconds(60), None);
            Assert.Equal(OperationStatus.Cancelled, operation.Value.Status);
            Assert.Contains($"aborted at stage {stage}", operation.Value.Reason, StringComparison.Ordinal);
            Assert.False((await north.Recovery.AbortAsync(LiveSite.Admin, volumeId, None)).IsRefused);
            var volume = await north.OpenAsync(volumeId);
            await UntilAsync(() => !volume.IsReadOnly);
            Assert.Equal(1, Generations.Primary(StateView.Of(north.Context.Replica), volumeId)!.Current.Number);
            Assert.Empty(north.Context.Replica.List(EntityKinds.Handover));
            Assert.True((await south.OpenAsync(volumeId)).IsReadOnly);
            await history.AssertHoldsAsync(volume, volume.Lineage, $"after an abort at {stage}");
            await IsSecondaryAsync(north);
        }

        var last = new Gate(north, "promote");
        var moved = await AskAsync(north, south, volumeId, last);
        var late = await north.Recovery.AbortAsync(LiveSite.Admin, volumeId, None);
        Assert.Equal(RefusalKind.State, late.Refusal?.Kind);
        Assert.Contains("until stage promote", late.Refusal!.Message, StringComparison.Ordinal);
        last.Open();
        await SucceedsAsync(north, moved);
        Assert.Contains("Fail back", (await north.Recovery.AbortAsync(LiveSite.Admin, volumeId, None)).Refusal?.NextStep, StringComparison.Ordinal);
        Assert.Equal("reverse", north.Operations.Show(LiveSite.Admin, moved.OperationId!).Value.Progress!.Stage);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_kill_at_any_stage_leaves_one_primary_that_writes_and_has_everything(bool isPrimaryKilled)
    {
        await using var cloud = new LiveCloud();
        var (north, south) = (await cloud.AddAsync("north"), await cloud.AddAsync("south"));
        var (volumeId, _) = await ReplicateAsync(north, south);
        var history = new DiskHistory();
        var (from, to) = (north, south);
        foreach (var stage in Stages)
        {
            await IsSecondaryAsync(from);
            await WriteAsync(history, from, volumeId, 0, 5);
            var before = Generations.Primary(StateView.Of(from.Context.Replica), volumeId)!.Current.Number;
            var gate = new Gate(from, stage);
            var asked = await AskAsync(from, to, volumeId, gate);
            var killed = isPrimaryKilled ? from : to;
            if (isPrimaryKilled)
            {
                var kill = killed.KillAsync();
                gate.Open();
                await kill;
            }
            else
            {
                await killed.KillAsync();
                gate.Open();
            }

            if (!isPrimaryKilled)
            {
                await UntilAsync(
                    () => from.Operations.Show(LiveSite.Admin, asked.OperationId!).Value is { IsFinished: true } or { Progress.CanAbort: false });
            }

            await killed.StartAsync(None);
            var operation = await from.Operations.WaitAsync(LiveSite.Admin, asked.OperationId!, TimeSpan.FromSeconds(60), None);
            Assert.True(operation.Value.IsFinished, $"{stage}: {operation.Value}");
            var isMoved = operation.Value.Status == OperationStatus.Succeeded;
            Assert.True(!isPrimaryKilled || isMoved == stage is "promote" or "reverse", $"{stage}: {operation.Value.Status} {operation.Value.Reason}");
            var owner = isMoved ? to : from;
            var volume = await owner.OpenAsync(volumeId);
            await UntilAsync(() => !volume.IsReadOnly, () => $"{stage}: {operation.Value.Status} {operation.Value.Reason}");
            await UntilAsync(
                () => Generations.Primary(StateView.Of(to.Context.Replica), volumeId)!.Current.Number == (isMoved ? before + 1 : before));
            await UntilAsync(async () => (await (isMoved ? from : to).OpenAsync(volumeId)).IsReadOnly);
            Assert.Empty(from.Context.Replica.List(EntityKinds.Handover));
            await history.AssertHoldsAsync(volume, volume.Lineage, $"after a kill at {stage}");
            (from, to) = isMoved ? (to, from) : (from, to);
        }
    }

    [Fact]
    public async Task Who_asks_twice_follows_one_move_and_who_comes_late_finds_it_done()
    {
        await using var cloud = new LiveCloud();
        var (north, south) = (await cloud.AddAsync("north"), await cloud.AddAsync("south"));
        var (volumeId, _) = await ReplicateAsync(north, south);
        await IsSecondaryAsync(north);
        var gate = new Gate(north, "drain");
        var first = await north.Recovery.FailoverAsync(LiveSite.Admin, new FailoverRequest(volumeId, "south"), None);
        await gate.Reached;
        var second = await north.Recovery.FailoverAsync(LiveSite.Admin, new FailoverRequest(volumeId, "south"), None);
        Assert.Equal(first.OperationId, second.OperationId);
        gate.Open();
        await SucceedsAsync(north, first);
        var late = await north.Recovery.FailoverAsync(LiveSite.Admin, new FailoverRequest(volumeId, "south"), None);
        Assert.Null(late.Value.OperationId);
        await IsSecondaryAsync(south);
        var back = await south.Recovery.FailbackAsync(LiveSite.Admin, new FailoverRequest(volumeId), None);
        await SucceedsAsync(south, back);
        Assert.Null((await south.Recovery.FailbackAsync(LiveSite.Admin, new FailoverRequest(volumeId), None)).Value.OperationId);
        Assert.Equal(3, Generations.Primary(StateView.Of(south.Context.Replica), volumeId)!.Current.Number);
    }

    [Fact]
    public async Task A_writer_that_only_the_primary_s_site_knows_of_is_a_refusal_though_another_site_was_asked()
    {
        await using var cloud = new LiveCloud();
        var (north, south) = (await cloud.AddAsync("north"), await cloud.AddAsync("south"));
        var (volumeId, _) = await ReplicateAsync(north, south);
        await IsSecondaryAsync(north);
        using var lease = await north.AttachAsync(volumeId);

        var asked = await south.Recovery.FailoverAsync(LiveSite.Admin, new FailoverRequest(volumeId, "south"), None);
        Assert.False(asked.IsRefused, asked.Refusal?.ToString());
        var ended = (await south.Operations.WaitAsync(LiveSite.Admin, asked.OperationId!, TimeSpan.FromSeconds(60), None)).Value;
        Assert.True((OperationStatus.Failed, RefusalKind.State) == (ended.Status, ended.Refusal?.Kind), $"{ended.Status} {ended.Refusal}: {ended.Reason}");
        Assert.Contains("1 attached writer", ended.Refusal!.Message, StringComparison.Ordinal);
        Assert.Contains("drain", ended.Refusal.NextStep!, StringComparison.Ordinal);
        Assert.Equal(ended.Refusal.ToString(), ended.Reason);
        Assert.Equal(RefusalKind.State, (await north.Recovery.FailoverAsync(LiveSite.Admin, new FailoverRequest(volumeId, "south"), None)).Refusal?.Kind);
    }

    [Fact]
    public async Task Many_volumes_move_side_by_side()
    {
        await using var cloud = new LiveCloud();
        var (north, south) = (await cloud.AddAsync("north"), await cloud.AddAsync("south"));
        var (first, _) = await ReplicateAsync(north, south);
        var volumes = new List<string> { first };
        for (var i = 1; i < 20; i++)
        {
            var made = await north.Volumes.CreateAsync(LiveSite.Admin, new CreateVolumeRequest { Name = $"disk-{i}", SizeGib = 1, ProjectId = $"project-{i / 8}" }, None);
            volumes.Add(made.Value.Id);
        }

        await UntilAsync(() => volumes.TrueForAll(v => north.Volumes.Show(LiveSite.Admin, v).Value.Status == VolumeStatus.Available));
        foreach (var volume in volumes.Skip(1))
        {
            await north.Replications.CreateAsync(
                LiveSite.Admin, new CreateReplicationRequest(volume, "south", null), None);
        }

        await UntilAsync(() => north.Replications.List(LiveSite.Admin).All(r => r.Status == ReplicationWords.Secondary));
        var asked = new List<Outcome<RecoveryTicket>>();
        foreach (var volume in volumes)
        {
            asked.Add(await north.Recovery.FailoverAsync(LiveSite.Admin, new FailoverRequest(volume, "south"), None));
        }

        var opened = await Task.WhenAll(volumes.Select(async v => await south.OpenAsync(v)));
        await UntilAsync(() => opened.All(v => !v.IsReadOnly));
        foreach (var outcome in asked)
        {
            await SucceedsAsync(north, outcome);
        }
    }

    /// <summary>A replica that has just come back may be lost from sight for a moment, and the move then refused: it is asked for again.</summary>
    private static async Task<Outcome<RecoveryTicket>> AskAsync(LiveSite from, LiveSite to, string volumeId, Gate gate)
    {
        for (var deadline = DateTime.UtcNow.AddSeconds(60); ; await Task.Delay(50))
        {
            Assert.True(DateTime.UtcNow < deadline, $"the move was not begun: {from.Replications.List(LiveSite.Admin)[0]}");
            var asked = await from.Recovery.FailoverAsync(LiveSite.Admin, new FailoverRequest(volumeId, to.Name), None);
            if (asked.IsRefused)
            {
                continue;
            }

            var ended = from.Operations.WaitAsync(LiveSite.Admin, asked.OperationId!, TimeSpan.FromSeconds(60), None).AsTask();
            if (await Task.WhenAny(gate.Reached, ended) == gate.Reached)
            {
                return asked;
            }

            Assert.Equal(OperationStatus.Failed, (await ended).Value.Status);
        }
    }

    private static Task IsSecondaryAsync(LiveSite primary) => UntilAsync(
        () => primary.Replications.List(LiveSite.Admin).All(
            r => r is { Status: ReplicationWords.Secondary, Source.LagBytes: 0 } && r.SourceSite == primary.Id),
        () => primary.Replications.List(LiveSite.Admin)[0]);

    /// <summary>Holds the next move up at one stage.</summary>
    private sealed class Gate
    {
        private readonly TaskCompletionSource _reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource _opened = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Gate(LiveSite site, string stage) => site.AtStage = async (_, reached, token) =>
        {
            if (reached == stage && _reached.TrySetResult())
            {
                await _opened.Task.WaitAsync(token);
            }
        };

        public Task Reached => _reached.Task;

        public void Open() => _opened.TrySetResult();
    }
}
