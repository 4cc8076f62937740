using Skerry.Domain.Operations;
using Skerry.Domain.Recovery;
using Skerry.Domain.Replication;
using Skerry.Movers.Tests.Native;
using static Skerry.Movers.Tests.Recovery.RecoveryTests;

namespace Skerry.Movers.Tests.Recovery;

public sealed class ForcedFailoverTests
{
    private static readonly CancellationToken None = CancellationToken.None;

    [Fact]
    public async Task By_force_the_most_advanced_copy_that_is_reached_is_promoted_and_another_says_how_far_it_is_behind()
    {
        await using var cloud = new LiveCloud();
        var (north, south, west) = (await cloud.AddAsync("north"), await cloud.AddAsync("south"), await cloud.AddAsync("west"));
        var (volumeId, _) = await ReplicateAsync(north, south);
        var second = await north.Replications.CreateAsync(
            LiveSite.Admin, new CreateReplicationRequest(volumeId, "west", null), None);
        var history = new DiskHistory();
        await WriteAsync(history, north, volumeId, 0, 10);
        await UntilAsync(() => north.Replications.List(LiveSite.Admin).All(r => r is { Status: ReplicationWords.Secondary, Source.LagBytes: 0 }));

        // South misses what west still gets; then the primary is lost.
        cloud.Cut(south);
        await WriteAsync(history, north, volumeId, 3, 10);
        var last = (await north.OpenAsync(volumeId)).Lineage.LastNumber;
        await UntilAsync(async () => (await west.Replicas.FindAsync(volumeId, None))!.Number == last);
        await north.KillAsync();
        cloud.CutOff.Clear();
        await UntilAsync(() => south.Replications.Show(LiveSite.Admin, second.Value.Id).Value.Target is { State: ReplicationWords.Disconnected, Number: var n } && n == last);

        var preview = (await south.Recovery.PreviewAsync(LiveSite.Admin, new FailoverRequest(volumeId, IsForced: true), None)).Value;
        Assert.Null(preview.Refusal);
        Assert.Equal((west.Id, null), (preview.ToSite, preview.MoreAdvancedSite));
        Assert.Contains("Site west has the most advanced copy", preview.Choice, StringComparison.Ordinal);

        var behind = (await south.Recovery.PreviewAsync(LiveSite.Admin, new FailoverRequest(volumeId, "south", IsForced: true), None)).Value;
        Assert.Equal((west.Id, 10L), (behind.MoreAdvancedSite, behind.WritesBehind));
        Assert.Contains("behind the copy at site west", behind.Loss, StringComparison.Ordinal);

        var asked = await south.Recovery.FailoverAsync(LiveSite.Admin, new FailoverRequest(volumeId, IsForced: true), None);
        Assert.Equal(west.Id, asked.Value.Site);
        await SucceedsAsync(south, asked);
        var promoted = await west.OpenAsync(volumeId);
        Assert.False(promoted.IsReadOnly);
        await history.AssertHoldsAsync(promoted, promoted.Lineage, "the promoted copy");
        Assert.Equal(last, promoted.Lineage.LastNumber);

        // The other one follows, and the operation told what it took.
        await UntilAsync(async () => (await south.OpenAsync(volumeId)).Lineage.Equals(promoted.Lineage));
        var operation = south.Operations.Show(LiveSite.Admin, asked.OperationId!).Value;
        Assert.Equal(OperationStatus.Succeeded, operation.Status);

        // Cut off from everybody, a site has its own copy to choose.
        await west.KillAsync();
        cloud.Cut(south);
        await UntilAsync(async () => !(await south.Replicas.FindAsync(volumeId, None))!.IsConnected);
        Assert.Equal(
            south.Id,
            (await south.Recovery.PreviewAsync(LiveSite.Admin, new FailoverRequest(volumeId, IsForced: true), None)).Value.ToSite);
    }

    [Fact]
    public async Task A_forced_failover_takes_less_than_two_seconds()
    {
        await using var cloud = new LiveCloud();
        var (north, south) = (await cloud.AddAsync("north"), await cloud.AddAsync("south"));
        var (volumeId, _) = await ReplicateAsync(north, south);
        await UntilAsync(() => north.Replications.List(LiveSite.Admin) is [{ Status: ReplicationWords.Secondary, Source.LagBytes: 0 }]);
        await north.KillAsync();
        await UntilAsync(async () => !(await south.Replicas.FindAsync(volumeId, None))!.IsConnected);
        var began = TimeProvider.System.GetTimestamp();
        await SucceedsAsync(south, await south.Recovery.FailoverAsync(LiveSite.Admin, new FailoverRequest(volumeId, IsForced: true), None));
        var took = TimeProvider.System.GetElapsedTime(began);
        Assert.False((await south.OpenAsync(volumeId)).IsReadOnly);
        Assert.True(took < TimeSpan.FromSeconds(2), $"it took {took.TotalSeconds:0.00} s");
        TestContext.Current.SendDiagnosticMessage($"a forced failover took {took.TotalMilliseconds:0} ms");
    }
}
