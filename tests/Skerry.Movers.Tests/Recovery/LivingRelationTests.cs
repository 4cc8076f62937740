using Skerry.Blocks;
using Skerry.Domain;
using Skerry.Domain.Recovery;
using Skerry.Domain.Replication;
using Skerry.Domain.Volumes;
using Skerry.Movers.Tests.Native;
using Skerry.State.Merging;
using static Skerry.Movers.Tests.Recovery.RecoveryTests;

namespace Skerry.Movers.Tests.Recovery;

/// <summary>What is changed about a relation while it lives: its mode, its place, and where it begins.</summary>
public sealed class LivingRelationTests
{
    private static readonly CancellationToken None = CancellationToken.None;

    [Fact]
    public async Task Modes_change_without_another_first_copy_and_the_history_tells_each_transfer()
    {
        await using var cloud = new LiveCloud();
        var (north, south) = (await cloud.AddAsync("north"), await cloud.AddAsync("south"));
        var (volumeId, id) = await ReplicateAsync(north, "south", ReplicationModes.Instant);
        var history = new DiskHistory();
        await WriteAsync(history, north, volumeId, 0, 20);
        await IsWholeAsync(north, id);

        // What is written now waits for a run; the change itself is the first.
        Assert.False((await north.Replications.SetAsync(
            LiveSite.Admin, id, new ReplicationSettings { Mode = ReplicationModes.Periodic, IntervalSeconds = 3600 }, None)).IsRefused);
        await UntilAsync(() => Shown(north, id) is { Status: ReplicationWords.Secondary, Source.CompletedRun: not null });
        Assert.InRange(Shown(north, id).NextRunAt!.Value - DateTimeOffset.UtcNow, TimeSpan.FromMinutes(55), TimeSpan.FromHours(1));
        await UntilAsync(async () => !(await south.Replicas.FindAsync(volumeId, None))!.IsConnected);
        await WriteAsync(history, north, volumeId, 20, 10);
        Assert.NotEqual((await north.OpenAsync(volumeId)).Lineage.LastNumber, (await south.OpenAsync(volumeId)).Lineage.LastNumber);
        await UntilAsync(() => Shown(north, id).Source is { LagBytes: > 0, LagSeconds: > 0 });

        // Asked at the other site, and by its clock.
        Assert.False((await south.Replications.SyncAsync(LiveSite.Admin, id, None)).IsRefused);
        await EqualAsync(history, north, south, volumeId);
        await UntilAsync(() => Shown(north, id).Source!.AnsweredSyncAt is not null);
        Assert.Equal(["catch-up", "first-copy"], north.Replications.History(LiveSite.Admin, id).Value.Select(e => e.Kind).Distinct());
        Assert.NotEmpty(south.Replications.History(LiveSite.Admin, id).Value);
        Assert.All(north.Replications.History(LiveSite.Admin, id).Value, e => Assert.Equal(("source", "done", null), (e.Side, e.Result, e.Reason)));

        Assert.False((await north.Replications.SetAsync(
            LiveSite.Admin, id, new ReplicationSettings { Mode = ReplicationModes.Instant }, None)).IsRefused);
        await UntilAsync(() => Shown(north, id) is { Mode: ReplicationModes.Instant, Status: ReplicationWords.Secondary, Source.LagBytes: 0 });
        await WriteAsync(history, north, volumeId, 40, 10);
        await EqualAsync(history, north, south, volumeId);
        Assert.Single(north.Replications.History(LiveSite.Admin, id).Value, e => e.Kind == "first-copy");

        // Paused, its writer goes on, and it is told how far.
        Assert.False((await north.Replications.PauseAsync(LiveSite.Admin, id, None)).IsRefused);
        await UntilAsync(() => Shown(north, id).Source is { State: ReplicationWords.Paused });
        await WriteAsync(history, north, volumeId, 50, 10);
        await UntilAsync(() => Shown(north, id) is { Status: ReplicationWords.Paused, Source: { LagBytes: > 0, LagSeconds: > 0 } });
        var resumed = await north.Replications.ResumeAsync(LiveSite.Admin, id, None);
        Assert.NotEqual(ReplicationWords.Paused, resumed.Value.Status);
        await EqualAsync(history, north, south, volumeId);
    }

    [Fact]
    public async Task A_replica_is_moved_and_moved_back_and_only_what_differs_is_sent_again()
    {
        await using var cloud = new LiveCloud();
        var (north, south) = (await cloud.AddAsync("north"), await cloud.AddAsync("south", TimeSpan.FromMinutes(5)));
        var west = await cloud.AddAsync("west");
        var (volumeId, id) = await ReplicateAsync(north, "south", ReplicationModes.Instant);
        var history = new DiskHistory();
        await WriteAsync(history, north, volumeId, 0, 30);
        await IsWholeAsync(north, id);
        await UntilAsync(() => BackendReport.Of(StateView.Of(north.Context.Replica), west.Id).Count > 0);

        async Task<Refusal?> MoveAsync(string to, string? backend = null) =>
            (await north.Replications.RetargetAsync(LiveSite.Admin, id, new RetargetReplicationRequest(to, backend), None)).Refusal;

        Assert.Contains("is the primary", (await MoveAsync("north"))!.Message, StringComparison.Ordinal);
        Assert.Equal("target_site", (await MoveAsync("atlantis"))!.Field);
        Assert.Equal("target_backend", (await MoveAsync("west", "rust"))!.Field);
        Assert.Null(await MoveAsync("south"));
        Assert.Equal(south.Id, Shown(north, id).TargetSite);

        Assert.Null(await MoveAsync("west"));
        Assert.Equal(ReplicationWords.Waiting, Shown(north, id).Status);
        Assert.Equal(west.Id, Shown(north, id).TargetSite);
        await IsWholeAsync(north, id);
        await EqualAsync(history, north, west, volumeId);

        // Back before the trash is emptied: what is there is not sent again. Then away, and it is.
        Assert.Null(await MoveAsync("south"));
        await WriteAsync(history, north, volumeId, 50, 3);
        await IsWholeAsync(north, id);
        await EqualAsync(history, north, south, volumeId);
        var back = north.Replications.History(LiveSite.Admin, id).Value;
        await UntilAsync(async () => await west.Replicas.FindAsync(volumeId, None) is null, () => "the copy that was left is not purged");
        await UntilAsync(() => !HasLeft(north, id));
        Assert.False((await north.OpenAsync(volumeId)).IsReadOnly);
        Assert.True(back[0].Kind == "catch-up" || back[0].MovedBytes < back.Last(e => e.Kind == "first-copy").MovedBytes * 3, $"{back[0]}");
        await EqualAsync(history, north, south, volumeId);
    }

    [Fact]
    public async Task A_copy_that_holds_the_data_is_joined_and_only_what_differs_moves()
    {
        await using var cloud = new LiveCloud();
        var (north, south) = (await cloud.AddAsync("north"), await cloud.AddAsync("south"));
        var volumeId = await CreateAsync(north, "disk");
        var seedId = await CreateAsync(south, "seed");
        var history = new DiskHistory();
        await FillAsync(await north.OpenAsync(volumeId), 200, skip: -1);
        await FillAsync(await south.OpenAsync(seedId), 200, skip: 7);
        await WriteAsync(history, south, seedId, 300, 1);
        await UntilAsync(() => BackendReport.Of(StateView.Of(north.Context.Replica), south.Id).Count > 0
            && north.Volumes.Show(LiveSite.Admin, seedId) is { IsRefused: false } shown && shown.Value.Status == VolumeStatus.Available);
        var wish = new CreateReplicationRequest(volumeId, "south", null) { Adopt = seedId };
        var primary = await north.Replications.CreateAsync(LiveSite.Admin, wish, None);
        Assert.Contains("is a primary", primary.Refusal!.Message, StringComparison.Ordinal);
        Assert.Contains("Demote it first", primary.Refusal.NextStep, StringComparison.Ordinal);
        var elsewhere = await north.Replications.CreateAsync(LiveSite.Admin, wish with { Adopt = volumeId[..^1] + "x" }, None);
        Assert.Equal(RefusalKind.NotFound, elsewhere.Refusal?.Kind);

        var demoted = await south.Recovery.DemoteAsync(LiveSite.Admin, new DemoteRequest(seedId), None);
        Assert.False(demoted.IsRefused, demoted.Refusal?.ToString());
        await south.Operations.WaitAsync(LiveSite.Admin, demoted.OperationId!, TimeSpan.FromSeconds(60), None);
        await UntilAsync(() => Generations.Primary(StateView.Of(north.Context.Replica), seedId) is { Current.IsDemoted: true });
        var seed = (await south.OpenAsync(seedId)).Lineage;
        var made = await north.Replications.CreateAsync(LiveSite.Admin, wish, None);
        Assert.False(made.IsRefused, made.Refusal?.ToString());
        Assert.Equal(seedId, made.Value.AdoptFrom);
        await IsWholeAsync(north, made.Value.Id);
        await UntilAsync(() => Shown(north, made.Value.Id).AdoptFrom is null);
        var adopted = Shown(north, made.Value.Id).Source!.LastTransfer!;
        Assert.Equal("adopt", adopted.Kind);
        Assert.InRange(adopted.ComparedBytes, 200 * IBlockDevice.BlockSize, long.MaxValue);
        Assert.InRange(adopted.MovedBytes, IBlockDevice.BlockSize, 3 * IBlockDevice.BlockSize);
        await SameAsync(await north.OpenAsync(volumeId), await south.OpenAsync(volumeId));

        // What was taken over stays as it was, and the copy follows as any replica.
        Assert.Equal(seed, (await south.OpenAsync(seedId)).Lineage);
        await FillAsync(await north.OpenAsync(volumeId), 20, skip: -1);
        await UntilAsync(async () => (await south.OpenAsync(volumeId)).Lineage.Equals((await north.OpenAsync(volumeId)).Lineage));
        await SameAsync(await north.OpenAsync(volumeId), await south.OpenAsync(volumeId));

        // A volume whose copies are of another disk is nobody else's to begin with.
        var other = await CreateAsync(south, "other");
        await UntilAsync(() => north.Volumes.Show(LiveSite.Admin, other) is { IsRefused: false } shown && shown.Value.Status == VolumeStatus.Available);
        var taken = await south.Replications.CreateAsync(
            LiveSite.Admin, new CreateReplicationRequest(other, "north", null) { Adopt = volumeId }, None);
        Assert.Contains("belongs to replication", taken.Refusal!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Copies_without_common_history_are_never_joined_unless_somebody_said_so()
    {
        await using var cloud = new LiveCloud();
        var (north, south) = (await cloud.AddAsync("north"), await cloud.AddAsync("south"));
        var volumeId = await CreateAsync(north, "disk");
        await FillAsync(await north.OpenAsync(volumeId), 50, skip: -1);
        var foreign = await CreateAsync(south, "foreign");
        await FillAsync(await south.OpenAsync(foreign), 50, skip: 3);
        await south.Store.CloneAsync(volumeId, foreign, null, None);
        await UntilAsync(() => BackendReport.Of(StateView.Of(north.Context.Replica), south.Id).Count > 0);
        var wish = new CreateReplicationRequest(volumeId, "south", null);
        var plain = (await north.Replications.CreateAsync(LiveSite.Admin, wish, None)).Value.Id;
        await UntilAsync(() => Shown(north, plain) is { Status: ReplicationWords.Error, Source.Retry.CanHelp: false });
        Assert.Contains("share no history", Shown(north, plain).Reason, StringComparison.Ordinal);
        await north.Replications.DeleteAsync(LiveSite.Admin, plain, None);

        var adopting = (await north.Replications.CreateAsync(LiveSite.Admin, wish with { Adopt = volumeId }, None)).Value.Id;
        await IsWholeAsync(north, adopting);
        await UntilAsync(() => Shown(north, adopting).AdoptFrom is null);
        await SameAsync(await north.OpenAsync(volumeId), await south.OpenAsync(volumeId));
        Assert.Equal("adopt", Shown(north, adopting).Source!.LastTransfer!.Kind);
    }

    [Fact]
    public async Task Of_eight_replicas_seven_follow_the_one_that_was_promoted_without_a_full_copy_and_a_ninth_is_refused()
    {
        await using var cloud = new LiveCloud();
        var sites = new List<LiveSite>();
        foreach (var number in Enumerable.Range(0, 10))
        {
            sites.Add(await cloud.AddAsync($"site-{number}"));
        }

        var home = sites[0];
        var volumeId = await CreateAsync(home, "disk");
        await UntilAsync(() => sites.TrueForAll(s => BackendReport.Of(StateView.Of(home.Context.Replica), s.Id).Count > 0));
        foreach (var target in sites[1..9])
        {
            var made = await home.Replications.CreateAsync(
                LiveSite.Admin, new CreateReplicationRequest(volumeId, target.Name, null), None);
            Assert.False(made.IsRefused, made.Refusal?.ToString());
        }

        var ninth = await home.Replications.CreateAsync(
            LiveSite.Admin, new CreateReplicationRequest(volumeId, "site-9", null), None);
        Assert.Contains("has 8 replicas", ninth.Refusal!.Message, StringComparison.Ordinal);

        var history = new DiskHistory();
        await FillAsync(await home.OpenAsync(volumeId), 64, skip: -1);
        foreach (var target in sites[1..9])
        {
            await UntilAsync(async () => target.Store.Find(volumeId)?.Lineage.Equals((await home.OpenAsync(volumeId)).Lineage) == true);
        }

        // The one that is promoted has missed what the others have: they are ahead of it.
        cloud.Cut(sites[1]);
        await WriteAsync(history, home, volumeId, 100, 6);
        await UntilAsync(async () => (await sites[2].OpenAsync(volumeId)).Lineage.Equals((await home.OpenAsync(volumeId)).Lineage));
        cloud.Cut(home);
        await home.KillAsync();
        cloud.CutOff.Remove(sites[1].Name);
        await UntilAsync(async () => !(await sites[1].Replicas.FindAsync(volumeId, None))!.IsConnected);
        var forced = await sites[1].Recovery.PromoteAsync(LiveSite.Admin, new PromoteRequest(volumeId, sites[1].Name, IsForced: true), None);
        Assert.False(forced.IsRefused, forced.Refusal?.ToString());
        await sites[1].Operations.WaitAsync(LiveSite.Admin, forced.OperationId!, TimeSpan.FromSeconds(60), None);
        var promoted = await sites[1].OpenAsync(volumeId);
        await UntilAsync(() => !promoted.IsReadOnly);
        await WriteAsync(history, sites[1], volumeId, 200, 4);
        foreach (var follower in sites[2..9])
        {
            await UntilAsync(async () => (await follower.OpenAsync(volumeId)).Lineage.Equals(promoted.Lineage),
                () => $"{follower.Name}: {follower.Store.Find(volumeId)!.Lineage}, not {promoted.Lineage}; "
                    + sites[1].Replications.List(LiveSite.Admin, volumeId).First(r => r.TargetSite == follower.Id));
            await SameAsync(promoted, await follower.OpenAsync(volumeId));
        }

        foreach (var relation in sites[1].Replications.List(LiveSite.Admin, volumeId).Where(r => r.TargetSite != home.Id))
        {
            var moved = sites[1].Replications.History(LiveSite.Admin, relation.Id).Value.Where(e => e.Side == "source").ToList();
            Assert.DoesNotContain(moved, e => e.Kind == "first-copy");
            Assert.InRange(moved.Sum(e => e.MovedBytes), 0, 20 * IBlockDevice.BlockSize);

            // Nor is the rest of the disk read.
            Assert.InRange(moved.Sum(e => e.ComparedBytes), 0, 40 * IBlockDevice.BlockSize);
        }
    }

    [Fact]
    public async Task At_no_time_do_two_sites_show_primary_for_one_generation()
    {
        await using var cloud = new LiveCloud();
        var (north, south) = (await cloud.AddAsync("north"), await cloud.AddAsync("south"));
        var west = await cloud.AddAsync("west");
        var (volumeId, id) = await ReplicateAsync(north, "south", ReplicationModes.Instant);
        await UntilAsync(() => BackendReport.Of(StateView.Of(north.Context.Replica), west.Id).Count > 0);
        await north.Replications.CreateAsync(
            LiveSite.Admin, new CreateReplicationRequest(volumeId, "west", null), None);
        await IsWholeAsync(north, id);
        using var over = new CancellationTokenSource();
        var claims = new HashSet<(string Generation, string Site)>();
        var looks = 0;
        var watching = Task.Run(async () =>
        {
            while (!over.IsCancellationRequested)
            {
                looks++;
                foreach (var at in new[] { north, south, west })
                {
                    foreach (var shown in at.Replications.List(LiveSite.Admin, volumeId).Where(r => r.LocalStatus == ReplicationWords.Primary))
                    {
                        claims.Add((shown.Generation.ToString()!, at.Name));
                        Assert.Equal(at.Id, shown.SourceSite);
                    }
                }

                await Task.Delay(2);
            }
        });
        foreach (var to in new[] { south, north, west, south, north })
        {
            var why = "";
            await UntilAsync(
                async () =>
                {
                    // A replica that has just come to follow may be asked too early.
                    var asked = await north.Recovery.FailoverAsync(LiveSite.Admin, new FailoverRequest(volumeId, to.Name), None);
                    if (asked.IsRefused)
                    {
                        why = asked.Refusal!.Message;
                        return why.Contains("already", StringComparison.Ordinal);
                    }

                    var moved = (await north.Operations.WaitAsync(LiveSite.Admin, asked.OperationId!, TimeSpan.FromSeconds(60), None)).Value;
                    why = $"{moved.Status} {moved.Reason}";
                    return moved.Status == Skerry.Domain.Operations.OperationStatus.Succeeded;
                },
                () => $"to {to.Name}: {why}");
            await UntilAsync(
                () => to.Replications.List(LiveSite.Admin, volumeId).Any(r => r.LocalStatus == ReplicationWords.Primary),
                () => $"{to.Name}: {to.Replications.List(LiveSite.Admin, volumeId)[0]}; {watching.Exception}");
        }

        await over.CancelAsync();
        await watching;
        Assert.True(looks > 50, $"it looked {looks} times");
        Assert.True(claims.Count >= 5, $"{string.Join(", ", claims)}");
        Assert.All(claims.GroupBy(c => c.Generation), g => Assert.Single(g));
    }

    private static ReplicationView Shown(LiveSite site, string id) => site.Replications.Show(LiveSite.Admin, id).Value;

    private static Task IsWholeAsync(LiveSite site, string id) => UntilAsync(
        () => Shown(site, id) is { Status: ReplicationWords.Secondary, Source.LagBytes: 0 }, () => Shown(site, id));

    private static bool HasLeft(LiveSite site, string id) =>
        site.Context.Replica.Find(new EntityKey(EntityKinds.Replication, id))!.TryGet("left_sites", out var left) && left.Utf8.Length > 2;

    private static async Task EqualAsync(DiskHistory history, LiveSite source, LiveSite target, string volumeId)
    {
        await UntilAsync(async () => (await target.OpenAsync(volumeId)).Lineage.Equals((await source.OpenAsync(volumeId)).Lineage));
        var copy = await target.OpenAsync(volumeId);
        await history.AssertHoldsAsync(copy, copy.Lineage, $"the copy at {target.Name}");
    }

    private static async Task SameAsync(BlockVolume one, BlockVolume other)
    {
        var (a, b) = (new byte[400 * IBlockDevice.BlockSize], new byte[400 * IBlockDevice.BlockSize]);
        await one.ReadAsync(0, a, None);
        await other.ReadAsync(0, b, None);
        Assert.True(a.AsSpan().SequenceEqual(b));
    }

    private static async Task<(string VolumeId, string ReplicationId)> ReplicateAsync(LiveSite north, string to, string mode)
    {
        var volumeId = await CreateAsync(north, "disk");
        Outcome<ReplicationView> made = default;
        await UntilAsync(async () =>
        {
            made = await north.Replications.CreateAsync(LiveSite.Admin, new CreateReplicationRequest(volumeId, to, null) { Settings = new() { Mode = mode } }, None);
            return !made.IsRefused;
        });
        return (volumeId, made.Value.Id);
    }

    private static async Task<string> CreateAsync(LiveSite site, string name)
    {
        Outcome<Volume> made = default;
        await UntilAsync(async () =>
        {
            made = await site.Volumes.CreateAsync(LiveSite.Admin, new CreateVolumeRequest { Name = name, SizeGib = 1 }, None);
            return !made.IsRefused;
        });
        await UntilAsync(() => site.Volumes.Show(LiveSite.Admin, made.Value.Id).Value.Status == VolumeStatus.Available);
        return made.Value.Id;
    }

    /// <summary>Blocks that say where they are; one of them is something else.</summary>
    private static async Task FillAsync(BlockVolume volume, int blocks, int skip)
    {
        var content = new byte[IBlockDevice.BlockSize];
        for (var block = 0; block < blocks; block++)
        {
            Array.Fill(content, (byte)(block == skip ? 0xEE : 1 + (block % 200)));
            await volume.WriteAsync((long)block * IBlockDevice.BlockSize, content, WriteOptions.None, None);
        }

        await volume.FlushAsync(None);
    }

    private static async Task WriteAsync(DiskHistory history, LiveSite site, string volumeId, int first, int count)
    {
        var volume = await site.OpenAsync(volumeId);
        for (var i = 0; i < count; i++)
        {
            await history.WriteAsync(volume, first + i, 1, isTrim: false);
        }
    }
}
