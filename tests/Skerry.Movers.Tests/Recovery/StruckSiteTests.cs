using System.Reflection;
using Skerry.Blocks;
using Skerry.Domain;
using Skerry.Domain.Operations;
using Skerry.Domain.Recovery;
using Skerry.Domain.Replication;
using Skerry.Domain.Volumes;
using Skerry.Movers.Tests.Native;
using Skerry.Movers.Tests.Native.Disasters;
using static Skerry.Movers.Tests.Recovery.RecoveryTests;

namespace Skerry.Movers.Tests.Recovery;

/// <summary>
/// A site that dies, or loses its power, at each named moment of a primary's way from site to site: state and disk as they were then,
/// and nothing said or written afterwards. One primary comes of it, which has everything that was flushed, and the other follows.
/// </summary>
public sealed class StruckSiteTests
{
    private static readonly CancellationToken None = CancellationToken.None;

    private static readonly string[] s_planned =
    [
        RecoveryMoments.PreflightEntered, RecoveryMoments.FinalSyncEntered, RecoveryMoments.DrainEntered, RecoveryMoments.LastSyncEntered,
        RecoveryMoments.VerifyEntered, RecoveryMoments.HandOverEntered, RecoveryMoments.PromoteEntered, RecoveryMoments.ReverseEntered,
    ];

    private static readonly string[] s_followed = [RecoveryMoments.CopyGuarded, RecoveryMoments.Opened];
    private static readonly string[] s_forced = [RecoveryMoments.LeaseOver, RecoveryMoments.GenerationWritten, .. s_followed];
    private static readonly string[] s_drilled = [Movers.Native.MoverSteps.Cloned, RecoveryMoments.DrillOpened, RecoveryMoments.DrillDropped];

    [Fact]
    public async Task A_site_that_loses_its_power_in_the_middle_of_a_move_leaves_one_primary_with_everything()
    {
        await using var rig = await Rig.StartAsync();
        await rig.PlannedAsync(RecoveryMoments.HandOverEntered, Blow.PowerLoss, isAtSuccessor: false);
        await rig.ForcedAsync(RecoveryMoments.GenerationWritten, Blow.PowerLoss);
    }

    /// <summary>With <c>make disasters</c>: every moment, killed and without power.</summary>
    [Theory(Explicit = true)]
    [InlineData("Kill")]
    [InlineData("PowerLoss")]
    public async Task As_many_disasters_as_asked_for_strike_every_step_of_a_move(string what)
    {
        var blow = Enum.Parse<Blow>(what);
        await using var rig = await Rig.StartAsync();
        foreach (var moment in s_planned)
        {
            await rig.PlannedAsync(moment, blow, isAtSuccessor: false);
        }

        foreach (var moment in s_followed)
        {
            await rig.PlannedAsync(moment, blow, isAtSuccessor: true);
        }

        foreach (var moment in s_forced)
        {
            await rig.ForcedAsync(moment, blow);
        }

        await rig.FencedAsync(blow);
        foreach (var moment in s_drilled)
        {
            await rig.DrilledAsync(moment, blow);
        }

        await rig.AbortedAsync(blow);
        await rig.AutomaticAsync(blow);
        var moments = typeof(RecoveryMoments).GetFields(BindingFlags.Public | BindingFlags.Static).Select(f => (string)f.GetRawConstantValue()!);
        Assert.Equal([RecoveryMoments.HoldCleared], moments.Except(Strikes.Struck.Keys));
        Console.WriteLine($"disasters: every step of a move struck, {what}: the volume is in generation {rig.Generation}");
    }

    private sealed class Rig : IAsyncDisposable
    {
        private readonly DiskHistory _history = new();
        private readonly LiveCloud _cloud;
        private readonly string _volumeId;
        private readonly string _replicationId;
        private LiveSite _primary;
        private LiveSite _replica;

        private Rig(LiveCloud cloud, LiveSite primary, LiveSite replica, (string, string) ids) =>
            (_cloud, _primary, _replica, (_volumeId, _replicationId)) = (cloud, primary, replica, ids);

        public long Generation => Of(_primary).Number;

        public static async Task<Rig> StartAsync()
        {
            var cloud = new LiveCloud { Lease = TimeSpan.FromMilliseconds(600) };
            var (north, south) = (await cloud.AddAsync("north"), await cloud.AddAsync("south"));
            return new Rig(cloud, north, south, await ReplicateAsync(north, south));
        }

        public async Task PlannedAsync(string moment, Blow blow, bool isAtSuccessor)
        {
            var flushed = await WrittenAsync(moment);
            var struck = isAtSuccessor ? _replica : _primary;
            struck.Arm(moment, blow);
            await AskAsync(() => _primary.Recovery.FailoverAsync(LiveSite.Admin, new FailoverRequest(_volumeId, _replica.Name), None));
            await StruckAsync(struck, moment);
            await SettleAsync(flushed, moment);
        }

        public async Task ForcedAsync(string moment, Blow blow)
        {
            var flushed = await WrittenAsync(moment);
            _cloud.Cut(_primary);
            await DisconnectedAsync();
            _replica.Arm(moment, blow);
            var (promoting, before) = (_replica, Of(_replica).Number);
            await AskAsync(() => promoting.Recovery.FailoverAsync(LiveSite.Admin, new FailoverRequest(_volumeId, IsForced: true), None));
            await StruckAsync(promoting, moment);
            await UntilAsync(() => Of(promoting).Number > before, () => $"{moment}: {string.Join("; ", promoting.Operations.List(LiveSite.Admin, new OperationFilter()))}");
            _cloud.CutOff.Clear();
            await SettleAsync(flushed, moment);
        }

        /// <summary>The old primary dies as it fences itself.</summary>
        public async Task FencedAsync(Blow blow)
        {
            var flushed = await WrittenAsync("fenced");
            _cloud.Cut(_primary);
            await DisconnectedAsync();
            var (old, before) = (_primary, Of(_replica).Number);
            await AskAsync(() => _replica.Recovery.FailoverAsync(LiveSite.Admin, new FailoverRequest(_volumeId, IsForced: true), None));
            await UntilAsync(() => Of(_replica).Number > before);
            await WriteAsync(_history, old, _volumeId, 3, 4);
            old.Arm(RecoveryMoments.Fenced, blow);
            _cloud.CutOff.Clear();
            await StruckAsync(old, "fenced");
            await SettleAsync(flushed, "fenced");
        }

        public async Task DrilledAsync(string moment, Blow blow)
        {
            var flushed = await WrittenAsync(moment);
            _replica.Arm(moment, blow);
            var started = await _primary.Drills.StartAsync(LiveSite.Admin, new StartDrillRequest(_volumeId), None);
            Assert.False(started.IsRefused, started.Refusal?.ToString());
            if (moment == RecoveryMoments.DrillDropped)
            {
                await UntilAsync(() => _replica.Drills.Show(LiveSite.Admin, started.Value.Id) is { IsRefused: false, Value.Status: VolumeStatus.Available });
                Assert.False((await _primary.Drills.StopAsync(LiveSite.Admin, started.Value.Id, None)).IsRefused);
                await StruckAsync(_replica, moment);
            }
            else
            {
                await StruckAsync(_replica, moment);
                await UntilAsync(() => _replica.Drills.Show(LiveSite.Admin, started.Value.Id) is { IsRefused: false, Value.Status: VolumeStatus.Available });
                var drill = await _replica.OpenAsync(started.Value.Id);
                Assert.True(flushed.IsPrefixOf(drill.Lineage) || drill.Lineage.LastNumber >= flushed.LastNumber, $"the drill is at {drill.Lineage}");
                Assert.False((await _primary.Drills.StopAsync(LiveSite.Admin, started.Value.Id, None)).IsRefused);
            }

            await UntilAsync(() => !_replica.Store.VolumeIds.Contains(started.Value.Id));
            await SettleAsync(flushed, moment);
        }

        /// <summary>The primary dies in a drained move, and lets the volume go on when it is back.</summary>
        public async Task AbortedAsync(Blow blow)
        {
            var flushed = await WrittenAsync("aborted");
            _primary.Arm(RecoveryMoments.LastSyncEntered, blow);
            await AskAsync(() => _primary.Recovery.FailoverAsync(LiveSite.Admin, new FailoverRequest(_volumeId, _replica.Name), None));
            await UntilAsync(() => _primary.IsStruck);

            await _primary.ReviveAsync();
            await SettleAsync(flushed, "aborted");
        }

        /// <summary>The target dies as it promotes itself, and does so when it is back.</summary>
        public async Task AutomaticAsync(Blow blow)
        {
            var set = await _primary.Replications.SetAsync(
                LiveSite.Admin, _replicationId,
                new ReplicationSettings { Ack = "replica", OnIsolation = "stop", Failover = "automatic" }, None);
            Assert.False(set.IsRefused, set.Refusal?.ToString());
            await UntilAsync(() => _primary.Replications.Show(LiveSite.Admin, _replicationId).Value.Source is { Acks: { IsUnderLease: true, State: AckStates.Both } });
            var flushed = await WrittenAsync("automatic");
            var (promoting, before) = (_replica, Of(_replica).Number);
            promoting.Arm(RecoveryMoments.AutomaticAsked, blow);
            _cloud.Cut(_primary);
            await StruckAsync(promoting, "automatic");
            await UntilAsync(() => Of(promoting).Number > before, () => string.Join("; ", promoting.Operations.List(LiveSite.Admin, new OperationFilter())));
            _cloud.CutOff.Clear();
            await SettleAsync(flushed, "automatic");
        }

        public ValueTask DisposeAsync() => _cloud.DisposeAsync();

        private Generation Of(LiveSite site) => Generations.Primary(StateView.Of(site.Context.Replica), _volumeId)!.Current;

        private async Task<Lineage> WrittenAsync(string what)
        {
            await IsFollowedAsync(what);
            await WriteAsync(_history, _primary, _volumeId, 0, 6);
            var volume = await _primary.OpenAsync(_volumeId);
            await volume.FlushAsync(None);
            var flushed = volume.Lineage;

            // Of the copy itself: what is shown of it may be older than the writes.
            await UntilAsync(async () => (await _replica.Replicas.FindAsync(_volumeId, None))?.Number >= flushed.LastNumber);
            return flushed;
        }

        private Task IsFollowedAsync(string what) => UntilAsync(
            () => _primary.Replications.List(LiveSite.Admin) is [{ Status: ReplicationWords.Secondary, Source.LagBytes: 0 } r] && r.SourceSite == _primary.Id
                && _replica.Replications.List(LiveSite.Admin) is [{ Status: ReplicationWords.Secondary } t] && t.SourceSite == _primary.Id,
            () => $"{what}: {_primary.Replications.List(LiveSite.Admin)[0]}");

        private Task DisconnectedAsync() => UntilAsync(async () => !(await _replica.Replicas.FindAsync(_volumeId, None))!.IsConnected);

        /// <summary>A copy that has just come back may be lost from sight for a moment, and the move then refused: it is asked for again.</summary>
        private static Task AskAsync(Func<ValueTask<Outcome<RecoveryTicket>>> ask)
        {
            Refusal? refusal = null;
            return UntilAsync(
                async () => (refusal = (await ask()).Refusal) is null,
                () => refusal?.ToString() ?? "");
        }

        private static async Task StruckAsync(LiveSite site, string moment)
        {
            await UntilAsync(() => site.IsStruck, () => $"{site.Name} never came to {moment}");
            await site.ReviveAsync();
        }

        /// <summary>One takes writes and has everything that was flushed, both know which, and the other takes none.</summary>
        private async Task SettleAsync(Lineage flushed, string moment)
        {
            await UntilAsync(
                async () => Of(_primary).Id == Of(_replica).Id
                    && (await _cloud.Sites.Single(s => s.Id == Of(_primary).Site).OpenAsync(_volumeId)).IsReadOnly is false
                    && (await _cloud.Sites.Single(s => s.Id != Of(_primary).Site).OpenAsync(_volumeId)).IsReadOnly
                    && _primary.Context.Replica.List(EntityKinds.Handover).Count == 0,
                () => $"{moment}: {Of(_primary)} and {Of(_replica)}; {string.Join("; ", _primary.Operations.List(LiveSite.Admin, new OperationFilter()))}");
            (_primary, _replica) = Of(_primary).Site == _primary.Id ? (_primary, _replica) : (_replica, _primary);
            var volume = await _primary.OpenAsync(_volumeId);
            Assert.True(
                DiskHistory.Contains(volume.Lineage, flushed.Runs[^1].RunId, flushed.LastNumber),
                $"{moment}: {flushed} was flushed and acknowledged, and the primary is at {volume.Lineage}");
            await _history.AssertHoldsAsync(volume, volume.Lineage, moment);
            await IsFollowedAsync(moment);
        }
    }
}
