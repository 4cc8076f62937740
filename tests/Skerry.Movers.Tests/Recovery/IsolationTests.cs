using System.Diagnostics;
using System.Net;
using Skerry.Blocks;
using Skerry.Blocks.Nbd;
using Skerry.Domain;
using Skerry.Domain.Events;
using Skerry.Domain.Operations;
using Skerry.Domain.Recovery;
using Skerry.Domain.Replication;
using Skerry.Domain.Volumes;
using Skerry.Drivers.Native;
using Skerry.TestKit.Processes;
using Refusal = Skerry.Domain.Refusal;
using static Skerry.Movers.Tests.Recovery.RecoveryTests;

namespace Skerry.Movers.Tests.Recovery;

/// <summary>Sites that lose each other: who goes on, who stops, and when.</summary>
public sealed class IsolationTests
{
    private static readonly CancellationToken None = CancellationToken.None;

    [Fact]
    public async Task A_target_promotes_itself_after_the_primary_has_stopped_and_has_all_that_was_flushed()
    {
        await using var cloud = new LiveCloud { Lease = TimeSpan.FromMilliseconds(600) };
        var (north, south) = (await cloud.AddAsync("north"), await cloud.AddAsync("south"));
        var (volumeId, replicationId) = await ReplicateAsync(north, south);
        await SetAsync(north, replicationId, new ReplicationSettings { Ack = "replica", OnIsolation = "stop", Failover = "automatic" });
        await UntilAsync(() => north.Replications.Show(LiveSite.Admin, replicationId).Value is { Source.Acks: { State: AckStates.Both, IsUnderLease: true } });
        await UntilAsync(() => south.Replications.Show(LiveSite.Admin, replicationId) is { IsRefused: false, Value.Failover: FailoverPolicies.Automatic });

        // What an acknowledged flush promised, and when the last acknowledgement of any kind was.
        var volume = await north.OpenAsync(volumeId);
        using var stopped = new CancellationTokenSource();
        var (flushed, acknowledgedAt) = (0L, 0L);
        var writer = Task.Run(async () =>
        {
            try
            {
                for (var i = 0; ; i++)
                {
                    await volume.WriteAsync(i % 64 * 4096L, BitConverter.GetBytes(i).Concat(new byte[4092]).ToArray(), WriteOptions.None, stopped.Token);
                    Volatile.Write(ref acknowledgedAt, Stopwatch.GetTimestamp());
                    var number = volume.Lineage.LastNumber;
                    await volume.FlushAsync(stopped.Token);
                    Volatile.Write(ref acknowledgedAt, Stopwatch.GetTimestamp());
                    Volatile.Write(ref flushed, number);
                }
            }
            catch (Exception e) when (e is OperationCanceledException or BlockException)
            {
                // It was cut off, and then passed over.
            }
        });
        await UntilAsync(() => Volatile.Read(ref flushed) > 20);
        cloud.Cut(north);
        await UntilAsync(() => Generations.Primary(StateView.Of(south.Context.Replica), volumeId)!.Current.Site == south.Id);
        var promotedAt = Stopwatch.GetTimestamp();
        var promoted = await south.OpenAsync(volumeId);
        await UntilAsync(() => !promoted.IsReadOnly);
        var generation = Generations.Primary(StateView.Of(south.Context.Replica), volumeId)!.Current;
        await Task.Delay(300);
        Assert.True(Volatile.Read(ref acknowledgedAt) < promotedAt, "the old primary acknowledged after its successor was decided");
        Assert.True(generation.ForkNumber >= flushed, $"flush {flushed} was acknowledged, and {generation.ForkNumber} was promoted");
        Assert.False(volume.IsReadOnly);
        var operation = Assert.Single(
            south.Operations.List(LiveSite.Admin, new OperationFilter { Kind = RecoveryOperations.Promote }));
        Assert.Equal(("automatic failover", OperationStatus.Succeeded), (operation.MadeBy, operation.Status));
        await UntilAsync(() => south.Noted is [(EventKinds.Promoted, 2, RoleCauses.Automatic)]);

        // Alone and not under anybody's lease, the new primary goes on, and says what its flushes are worth.
        await promoted.WriteAsync(0, new byte[4096], WriteOptions.None, None);
        await promoted.FlushAsync(None).AsTask().WaitAsync(TimeSpan.FromSeconds(60));
        Assert.NotNull(south.Replications.Show(LiveSite.Admin, replicationId).Value.LocalOnlySince);
        Assert.Contains("at the primary alone", south.Replications.Show(LiveSite.Admin, replicationId).Value.Reason, StringComparison.Ordinal);

        cloud.CutOff.Clear();
        await UntilAsync(() => volume.IsReadOnly);
        await UntilAsync(
            () => south.Replications.Show(LiveSite.Admin, replicationId).Value is { LocalOnlySince: null, Source.Acks: { State: AckStates.Both, IsUnderLease: true } },
            () => south.Replications.Show(LiveSite.Admin, replicationId).Value);
        await stopped.CancelAsync();
        await writer;
    }

    [Fact]
    public async Task Settings_that_do_not_go_together_and_endings_under_a_lease_are_refused()
    {
        await using var cloud = new LiveCloud();
        var (north, south) = (await cloud.AddAsync("north"), await cloud.AddAsync("south"));
        var (volumeId, id) = await ReplicateAsync(north, south);
        Assert.Equal("failover", (await TryAsync(north, id, new ReplicationSettings { Failover = "automatic" }))?.Field);
        Assert.Equal("ack", (await TryAsync(north, id, new ReplicationSettings { Ack = "both" }))?.Field);
        Assert.Equal("on_isolation", (await TryAsync(north, id, new ReplicationSettings { OnIsolation = "wait" }))?.Field);
        Assert.Equal("ack", (await TryAsync(north, id, new ReplicationSettings { Ack = "replica", Mode = "one-time" }))?.Field);
        await SetAsync(north, id, new ReplicationSettings { OnIsolation = "stop" });
        await UntilAsync(() => north.Replications.Show(LiveSite.Admin, id).Value is { Source.Acks.IsUnderLease: true });
        Assert.Equal("on_isolation", (await TryAsync(north, id, new ReplicationSettings { Mode = "one-time" }))?.Field);
        Assert.Equal(RefusalKind.State, (await north.Replications.DeleteAsync(LiveSite.Admin, id, None)).Refusal?.Kind);
        Assert.Equal(RefusalKind.State, (await north.Replications.PauseAsync(LiveSite.Admin, id, None)).Refusal?.Kind);

        // Cut off, the target cannot give its promise back, and nothing that depends on that is let through.
        cloud.Cut(south);
        await SetAsync(north, id, new ReplicationSettings { OnIsolation = "continue" });
        Assert.Equal(RefusalKind.State, (await north.Replications.DeleteAsync(LiveSite.Admin, id, None)).Refusal?.Kind);
        cloud.CutOff.Clear();
        await UntilAsync(() => north.Replications.Show(LiveSite.Admin, id).Value.Source?.Acks is null or { IsUnderLease: false });
        Assert.False((await north.Replications.DeleteAsync(LiveSite.Admin, id, None)).IsRefused);
        var volume = await north.OpenAsync(volumeId);
        await UntilAsync(() => volume.Gate is null);
    }

    [Fact]
    public async Task A_forced_failover_is_refused_with_what_the_fence_said_unless_a_person_leaves_it_out()
    {
        await using var cloud = new LiveCloud();
        var (north, south) = (await cloud.AddAsync("north"), await cloud.AddAsync("south"));
        var fence = new RefusingFence();
        await south.StopAsync();
        south.Fence = fence;
        await south.StartAsync(None);
        var (volumeId, replicationId) = await ReplicateAsync(north, south);
        await UntilAsync(() => north.Replications.Show(LiveSite.Admin, replicationId).Value.Status == ReplicationWords.Secondary);
        cloud.Cut(north);
        await UntilAsync(async () => !(await south.Replicas.FindAsync(volumeId, None))!.IsConnected);

        var asked = await south.Recovery.FailoverAsync(LiveSite.Admin, new FailoverRequest(volumeId, IsForced: true), None);
        var refused = await south.Operations.WaitAsync(LiveSite.Admin, asked.OperationId!, TimeSpan.FromSeconds(60), None);
        Assert.Equal(OperationStatus.Failed, refused.Value.Status);
        Assert.Contains("the power switch does not answer", refused.Value.Reason, StringComparison.Ordinal);
        Assert.Equal(("north", 1L, asked.OperationId), (fence.Asked!.OldSite, fence.Asked.Generation, fence.Asked.OperationId));
        Assert.Equal(north.Id, Generations.Primary(StateView.Of(south.Context.Replica), volumeId)!.Current.Site);

        var without = await south.Recovery.FailoverAsync(LiveSite.Admin, new FailoverRequest(volumeId, IsForced: true) { WithoutFence = true }, None);
        await SucceedsAsync(south, without);
        Assert.Equal(asked.OperationId, fence.Asked.OperationId);
        var recorded = south.Operations.Show(LiveSite.Admin, without.OperationId!).Value.Parameters;
        Assert.Contains("\"without_fence\":true", recorded.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_old_primarys_exports_stop_taking_writes_within_a_second_of_learning()
    {
        await using var cloud = new LiveCloud();
        var (north, south) = (await cloud.AddAsync("north"), await cloud.AddAsync("south"));
        var (volumeId, replicationId) = await ReplicateAsync(north, south);
        await UntilAsync(() => north.Replications.Show(LiveSite.Admin, replicationId).Value.Status == ReplicationWords.Secondary);
        await using var server = new NbdServer(
            new NbdServerOptions { EndPoint = new IPEndPoint(IPAddress.Loopback, 0) },
            new NativeExports(north.Exports, new BlockStoreSet(new Dictionary<string, BlockStore> { ["ssd"] = north.Store }), TimeProvider.System),
            TimeProvider.System);
        await server.StartAsync(None);
        var granted = await new ConnectionService(north.Context, north.Exports, new Loopback(((IPEndPoint)server.LocalEndPoint!).Port))
            .ConnectAsync(LiveSite.Admin, new ConnectRequest(volumeId), None);
        Assert.False(granted.IsRefused, granted.Refusal?.ToString());
        await using var client = await NbdClient.ConnectAsync(new Uri(granted.Value.Uri), None);

        cloud.Cut(north);
        await UntilAsync(async () => !(await south.Replicas.FindAsync(volumeId, None))!.IsConnected);
        await SucceedsAsync(south, await south.Recovery.FailoverAsync(LiveSite.Admin, new FailoverRequest(volumeId, IsForced: true), None));
        var takenAt = 0L;
        var writer = Task.Run(async () =>
        {
            try
            {
                for (var i = 0; ; i++)
                {
                    await client.WriteAsync(i % 64 * 4096L, new byte[4096], None);
                    Volatile.Write(ref takenAt, Stopwatch.GetTimestamp());
                }
            }
            catch (Exception e) when (e is IOException or EndOfStreamException or InvalidOperationException)
            {
                // Refused, or cut off.
            }
        });
        await UntilAsync(() => Volatile.Read(ref takenAt) != 0);
        cloud.CutOff.Clear();
        while (Generations.Primary(StateView.Of(north.Context.Replica), volumeId)!.Current.Site != south.Id)
        {
            await Task.Delay(1);
        }

        var learnedAt = Stopwatch.GetTimestamp();
        await writer.WaitAsync(TimeSpan.FromSeconds(60));
        var late = Stopwatch.GetElapsedTime(learnedAt, Math.Max(learnedAt, Volatile.Read(ref takenAt)));
        TestContext.Current.SendDiagnosticMessage("the last write was taken {0:0} ms after the new generation was known", late.TotalMilliseconds);
        Assert.InRange(late, TimeSpan.Zero, TimeSpan.FromSeconds(1));
    }

    private static async Task SetAsync(LiveSite site, string id, ReplicationSettings request) =>
        Assert.Null(await TryAsync(site, id, request));

    private static async Task<Refusal?> TryAsync(LiveSite site, string id, ReplicationSettings request) =>
        (await site.Replications.SetAsync(LiveSite.Admin, id, request, None)).Refusal;

    private sealed class RefusingFence : IExternalFence
    {
        public FenceRequest? Asked { get; private set; }

        public ValueTask<Refusal?> FenceAsync(FenceRequest request, CancellationToken cancellationToken)
        {
            Asked = request;
            return new(Refusal.State("Site north was not fenced: the power switch does not answer."));
        }
    }

    private sealed class Loopback(int port) : INbdAddress
    {
        public string Host => "127.0.0.1";

        public int Port => port;
    }
}
