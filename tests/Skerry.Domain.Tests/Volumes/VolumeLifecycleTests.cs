using Skerry.Domain.Operations;
using Skerry.Domain.Volumes;
using Skerry.TestKit.Domain;
using Skerry.TestKit.Time;

namespace Skerry.Domain.Tests.Volumes;

public sealed class VolumeLifecycleTests
{
    private static readonly CancellationToken None = CancellationToken.None;
    private static readonly Actor Ann = DomainSite.Member("ann", "p1");
    private readonly ManualTime _time = new();

    [Fact]
    public async Task A_volume_is_creating_then_available_then_gone()
    {
        await using var site = await DomainSite.StartAsync("north", _time);
        var asked = await site.Volumes.CreateAsync(
            Ann, new CreateVolumeRequest { Name = "disk", SizeGib = 2, Metadata = new Dictionary<string, string> { ["k"] = "v" } }, None);
        Assert.Equal(VolumeStatus.Creating, asked.Value.Status);
        Assert.Equal(asked.OperationId, asked.Value.OperationId);
        await site.SettleAsync();

        var made = site.Volumes.Show(DomainSite.Admin, asked.Value.Id).Value;
        Assert.Equal((VolumeStatus.Available, 2L, "north", "ssd", "native"), (made.Status, made.SizeGib, made.SiteName, made.Backend, made.TypeName));
        Assert.Equal((1L, site.Context.SelfText), (made.Primary!.Current.Number, made.Primary.Current.Site));
        Assert.Equal("v", made.Metadata["k"]);
        Assert.Equal(1, (await site.Driver.ListLocalAsync(None)).Single().OpenGeneration);

        Assert.Equal(VolumeStatus.Deleting, (await site.Volumes.DeleteAsync(Ann, made.Id, false, None)).Value.Status);
        await site.SettleAsync();
        Assert.Equal(RefusalKind.NotFound, site.Volumes.Show(Ann, made.Id).Refusal!.Kind);
        Assert.Empty(await site.Driver.ListLocalAsync(None));
        Assert.Empty(site.Replica.List(EntityKinds.Generation));
    }

    [Fact]
    public async Task A_volume_that_nobody_uses_is_reverted_to_its_own_snapshot_and_cannot_be_connected_meanwhile()
    {
        await using var site = await DomainSite.StartAsync("north", _time);
        var id = (await site.Volumes.CreateAsync(Ann, new CreateVolumeRequest { SizeGib = 1 }, None)).Value.Id;
        var other = (await site.Volumes.CreateAsync(Ann, new CreateVolumeRequest { SizeGib = 1 }, None)).Value.Id;
        await site.SettleAsync();
        site.Driver.Write(id, 0, [1]);
        var snapshot = (await site.Snapshots.CreateAsync(Ann, new CreateSnapshotRequest(id), None)).Value.Id;
        await site.SettleAsync();
        site.Driver.Write(id, 0, [2]);

        Assert.Equal(RefusalKind.NotFound, (await site.Volumes.RevertAsync(Ann, id, "none", None)).Refusal!.Kind);
        Assert.Equal(RefusalKind.Invalid, (await site.Volumes.RevertAsync(Ann, other, snapshot, None)).Refusal!.Kind);
        var connection = (await site.Connections.ConnectAsync(Ann, new ConnectRequest(id), None)).Value.Connection;
        Assert.Contains("disconnect first", (await site.Volumes.RevertAsync(Ann, id, snapshot, None)).Refusal!.ToString(), StringComparison.Ordinal);
        await site.Connections.DisconnectAsync(Ann, id, connection.Id, None);

        Assert.Equal(VolumeStatus.Reverting, (await site.Volumes.RevertAsync(Ann, id, snapshot, None)).Value.Status);
        Assert.Equal(RefusalKind.State, (await site.Connections.ConnectAsync(Ann, new ConnectRequest(id), None)).Refusal!.Kind);
        await site.SettleAsync();
        Assert.Equal(VolumeStatus.Available, site.Volumes.Show(Ann, id).Value.Status);
        Assert.Equal((byte)1, site.Driver.Read(id, null, 0)[0]);

        await site.Replica.CommitAsync(
            transaction =>
            {
                var key = Domain.Replication.Relation.Key("r");
                transaction.Set(key, Domain.Replication.Relation.VolumeIdField, id);
                transaction.Set(key, Domain.Replication.Relation.HomeSiteField, site.Context.SelfText);
                transaction.Set(key, Domain.Replication.Relation.TargetSiteField, "south");
            },
            new("test"),
            None);
        Assert.Contains("replicated", (await site.Volumes.RevertAsync(Ann, id, snapshot, None)).Refusal!.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_shown_is_of_one_moment_though_the_operation_ends_while_it_is_read()
    {
        await using var site = await DomainSite.StartAsync("north", _time);
        var volume = (await site.Volumes.CreateAsync(Ann, new CreateVolumeRequest { SizeGib = 1 }, None)).Value.Id;
        await site.SettleAsync();
        await site.Snapshots.CreateAsync(Ann, new CreateSnapshotRequest(volume) { Name = "s" }, None);
        var begun = new VolumeReader(site.Context, StateView.Of(site.Replica)).Snapshots;
        await site.SettleAsync();
        Assert.Equal(VolumeStatus.Creating, begun.Single().Status);
        Assert.Equal(VolumeStatus.Available, new VolumeReader(site.Context, StateView.Of(site.Replica)).Snapshots.Single().Status);
    }

    [Fact]
    public async Task A_volume_ordered_for_another_site_waits_and_is_made_there_once_the_sites_meet()
    {
        await using var north = await DomainSite.StartAsync("north", _time);
        await using var south = await DomainSite.StartAsync("south", _time);
        await DomainSite.ExchangeAsync(north, south);

        var id = (await north.Volumes.CreateAsync(Ann, new CreateVolumeRequest { SizeGib = 1, Site = "south" }, None)).Value.Id;
        await north.SettleAsync();
        Assert.Equal((VolumeStatus.Creating, "south"), Seen(north, id));

        await north.SendAsync(south);
        await south.SettleAsync();
        await south.SendAsync(north);
        Assert.Equal((VolumeStatus.Available, "south"), Seen(north, id));
        Assert.Empty(await north.Driver.ListLocalAsync(None));
        Assert.Equal(1, (await south.Driver.ListLocalAsync(None)).Single().OpenGeneration);

        // And its later life is asked for at the other site too.
        await north.Volumes.ExtendAsync(Ann, id, 3, None);
        Assert.Equal((VolumeStatus.Extending, "south"), Seen(north, id));
        await north.Snapshots.CreateAsync(Ann, new CreateSnapshotRequest(id) { Name = "s" }, None);
        await north.SendAsync(south);
        await south.SettleAsync();
        await south.SendAsync(north);
        Assert.Equal(3, north.Volumes.Show(Ann, id).Value.SizeGib);
        Assert.Equal(3L << 30, (await south.Driver.ListLocalAsync(None)).Single().SizeBytes);
        Assert.Empty(north.Replica.Conflicts);
        Assert.Equal(north.Replica.Digest(), south.Replica.Digest());
    }

    [Fact]
    public async Task A_creation_that_is_cancelled_leaves_a_volume_in_error_that_can_be_deleted()
    {
        await using var north = await DomainSite.StartAsync("north", _time);
        await using var south = await DomainSite.StartAsync("south", _time);
        await DomainSite.ExchangeAsync(north, south);
        var asked = await north.Volumes.CreateAsync(Ann, new CreateVolumeRequest { SizeGib = 1, Site = "south" }, None);
        Assert.Equal(RefusalKind.State, (await north.Volumes.DeleteAsync(Ann, asked.Value.Id, false, None)).Refusal!.Kind);
        await north.Operations.CancelAsync(Ann, asked.OperationId!, None);
        await north.SendAsync(south);
        await south.SettleAsync();
        await south.SendAsync(north);
        var failed = north.Volumes.Show(DomainSite.Admin, asked.Value.Id).Value;
        Assert.Equal(VolumeStatus.Error, failed.Status);
        Assert.Contains("cancelled", failed.ErrorReason, StringComparison.Ordinal);

        await north.Volumes.DeleteAsync(Ann, failed.Id, false, None);
        await north.SendAsync(south);
        await south.SettleAsync();
        Assert.Empty(south.Replica.List(EntityKinds.Volume));
    }

    [Fact]
    public async Task Renames_at_two_sites_that_are_apart_are_one_conflict_and_the_loser_is_kept()
    {
        await using var north = await DomainSite.StartAsync("north", _time);
        await using var south = await DomainSite.StartAsync("south", _time);
        var id = await CreateAsync(north);
        await DomainSite.ExchangeAsync(north, south);
        await north.Volumes.UpdateAsync(Ann, id, new UpdateVolumeRequest { Name = "from-north" }, None);
        _time.Advance(TimeSpan.FromSeconds(1));
        await south.Volumes.UpdateAsync(DomainSite.Admin, id, new UpdateVolumeRequest { Name = "from-south" }, None);
        await DomainSite.ExchangeAsync(north, south);

        foreach (var site in (DomainSite[])[north, south])
        {
            var conflict = Assert.Single(site.Conflicts.List(DomainSite.Admin));
            Assert.Equal(("volume", id, "name"), (conflict.Kind, conflict.EntityId, conflict.Field));
            Assert.Equal(("from-south", "admin", "south"), (conflict.Winner!.Value.AsString(), conflict.Winner.Author, conflict.Winner.SiteName));
            var loser = Assert.Single(conflict.Losers);
            Assert.Equal(("from-north", "ann", "north"), (loser.Value.AsString(), loser.Author, loser.SiteName));
            Assert.Equal("from-south", site.Volumes.Show(Ann, id).Value.Name);
        }

        Assert.False((await north.Conflicts.PickAsync(Ann, $"volume/{id}/name", 1, None)).IsRefused);
        await DomainSite.ExchangeAsync(north, south);
        Assert.Empty(south.Conflicts.List(DomainSite.Admin));
        Assert.Equal("from-north", south.Volumes.Show(Ann, id).Value.Name);
        var settled = Assert.Single(south.ConflictHistory.List(DomainSite.Admin, new()));
        Assert.Equal("from-north", settled.By.Value.AsString());
    }

    [Theory]
    [InlineData("create")]
    [InlineData("open")]
    public async Task A_kill_in_the_middle_of_making_it_makes_it_all_the_same(string call)
    {
        var killed = new TaskCompletionSource();
        await using var site = await DomainSite.StartAsync("north", _time);
        site.Driver.After = async (name, _) =>
        {
            if (name == call)
            {
                killed.TrySetResult();
                await Task.Delay(Timeout.Infinite, site.Stopped);
            }
        };
        var id = (await site.Volumes.CreateAsync(Ann, new CreateVolumeRequest { SizeGib = 1 }, None)).Value.Id;
        await site.OperationReconciler.StepAsync(None);
        await killed.Task.WaitAsync(TimeSpan.FromSeconds(10), None);
        await site.RestartAsync();
        await site.SettleAsync();
        Assert.Equal(VolumeStatus.Available, site.Volumes.Show(Ann, id).Value.Status);
        Assert.Single(Generations.Of(StateView.Of(site.Replica), id));
    }

    [Fact]
    public async Task A_kill_in_the_middle_of_deleting_it_deletes_it_all_the_same()
    {
        var killed = new TaskCompletionSource();
        await using var site = await DomainSite.StartAsync("north", _time);
        var id = await CreateAsync(site);
        site.Driver.After = async (name, _) =>
        {
            if (name == "delete")
            {
                killed.TrySetResult();
                await Task.Delay(Timeout.Infinite, site.Stopped);
            }
        };
        await site.Volumes.DeleteAsync(Ann, id, false, None);
        await site.OperationReconciler.StepAsync(None);
        await killed.Task.WaitAsync(TimeSpan.FromSeconds(10), None);
        await site.RestartAsync();
        await site.SettleAsync();
        Assert.Empty(site.Replica.List(EntityKinds.Volume));
        Assert.Equal(OperationStatus.Succeeded, site.Operations.List(Ann, new OperationFilter { Kind = VolumeOperations.Delete }).Single().Status);
    }

    [Theory]
    [InlineData("create", VolumeStatus.Error)]
    [InlineData("extend", VolumeStatus.ErrorExtending)]
    [InlineData("delete", VolumeStatus.ErrorDeleting)]
    public async Task A_driver_that_fails_leaves_the_status_word_and_the_reason(string call, string status)
    {
        await using var site = await DomainSite.StartAsync("north", _time);
        site.Driver.Before = (name, _) => name == call ? throw new DriverException(DriverError.NoSpace, "The disk /dev/sdx is full.") : Task.CompletedTask;
        var id = await CreateAsync(site);
        if (call == "extend")
        {
            await site.Volumes.ExtendAsync(Ann, id, 2, None);
        }
        else if (call == "delete")
        {
            await site.Volumes.DeleteAsync(Ann, id, false, None);
        }

        await site.SettleAsync();
        var volume = site.Volumes.Show(DomainSite.Admin, id).Value;
        Assert.Equal((status, "The disk /dev/sdx is full.", 1L), (volume.Status, volume.ErrorReason, volume.SizeGib));
        Assert.DoesNotContain("sdx", site.Volumes.Show(Ann, id).Value.ErrorReason, StringComparison.Ordinal);
        var operation = site.Operations.List(Ann, new OperationFilter { Status = OperationStatus.Failed }).Single();
        Assert.Contains("no room", operation.Reason, StringComparison.Ordinal);

        site.Driver.Before = (_, _) => Task.CompletedTask;
        Assert.False((await site.Volumes.DeleteAsync(Ann, id, false, None)).IsRefused);
        await site.SettleAsync();
        Assert.True(site.Volumes.Show(Ann, id).IsRefused);
    }

    [Fact]
    public async Task Volumes_come_from_snapshots_and_from_volumes()
    {
        await using var site = await DomainSite.StartAsync("north", _time);
        var id = await CreateAsync(site, 2);
        site.Driver.Write(id, 0, Block(1));
        var snapshot = (await site.Snapshots.CreateAsync(Ann, new CreateSnapshotRequest(id) { Name = "s" }, None)).Value;
        Assert.Equal(VolumeStatus.Creating, snapshot.Status);
        await site.SettleAsync();
        site.Driver.Write(id, 0, Block(2));

        var fromSnapshot = (await site.Volumes.CreateAsync(Ann, new CreateVolumeRequest { SourceSnapshotId = snapshot.Id }, None)).Value;
        var fromVolume = (await site.Volumes.CreateAsync(Ann, new CreateVolumeRequest { SourceVolumeId = id, SizeGib = 3 }, None)).Value;
        Assert.Equal(2, fromSnapshot.SizeGib);
        await site.SettleAsync();
        Assert.Equal(Block(1), site.Driver.Read(fromSnapshot.Id, null, 0));
        Assert.Equal(Block(2), site.Driver.Read(fromVolume.Id, null, 0));

        Assert.Equal(RefusalKind.State, (await site.Volumes.DeleteAsync(Ann, id, false, None)).Refusal!.Kind);
        Assert.False((await site.Volumes.DeleteAsync(Ann, id, cascade: true, None)).IsRefused);
        await site.SettleAsync();
        Assert.True(site.Snapshots.Show(Ann, snapshot.Id).IsRefused);
        Assert.Equal(Block(1), site.Driver.Read(fromSnapshot.Id, null, 0));
    }

    [Fact]
    public async Task A_snapshot_is_deleted_alone()
    {
        await using var site = await DomainSite.StartAsync("north", _time);
        var id = await CreateAsync(site);
        var snapshot = (await site.Snapshots.CreateAsync(Ann, new CreateSnapshotRequest(id), None)).Value.Id;
        await site.SettleAsync();
        await site.Snapshots.DeleteAsync(Ann, snapshot, None);
        await site.SettleAsync();
        Assert.Empty(site.Snapshots.List(Ann, new SnapshotFilter()));
        Assert.Empty((await site.Driver.ListLocalAsync(None)).Single().SnapshotIds);
    }

    [Fact]
    public async Task What_waits_for_an_owner_that_was_lost_does_not_hold_up_its_successor()
    {
        await using var north = await DomainSite.StartAsync("north", _time);
        await using var south = await DomainSite.StartAsync("south", _time);
        var id = await CreateAsync(north);
        await DomainSite.ExchangeAsync(north, south);
        await south.Volumes.DeleteAsync(Ann, id, false, None);
        Assert.Equal((VolumeStatus.Deleting, "north"), Seen(south, id));

        await south.Context.DecideAsync(
            DomainSite.Admin,
            transaction =>
            {
                Generations.Write(transaction, new(id, 2, south.Context.Ids.NewUuid(), south.Context.SelfText, 0, null, false));
                return default(Unit);
            },
            None);
        Assert.Equal((VolumeStatus.Available, "south"), Seen(south, id));
        await south.SendAsync(north);
        await north.SettleAsync();
        var stale = north.Operations.List(Ann, new OperationFilter { Kind = VolumeOperations.Delete }).Single();
        Assert.Equal(OperationStatus.Failed, stale.Status);
        Assert.Contains("south", stale.Reason, StringComparison.Ordinal);
        Assert.Single(await north.Driver.ListLocalAsync(None));
    }

    [Fact]
    public async Task Two_extensions_asked_at_once_end_at_the_larger()
    {
        await using var site = await DomainSite.StartAsync("north", _time);
        await using var other = await DomainSite.StartAsync("south", _time);
        var id = await CreateAsync(site);
        await DomainSite.ExchangeAsync(site, other);
        await site.Volumes.ExtendAsync(Ann, id, 5, None);
        await other.Volumes.ExtendAsync(Ann, id, 3, None);
        await other.SendAsync(site);
        await site.SettleAsync();
        Assert.Equal(5, site.Volumes.Show(Ann, id).Value.SizeGib);
        Assert.Equal(5L << 30, (await site.Driver.ListLocalAsync(None)).Single().SizeBytes);
    }

    private async Task<string> CreateAsync(DomainSite site, long sizeGib = 1)
    {
        var id = (await site.Volumes.CreateAsync(Ann, new CreateVolumeRequest { Name = "disk", SizeGib = sizeGib }, None)).Value.Id;
        await site.SettleAsync();
        return id;
    }

    private static (string Status, string Site) Seen(DomainSite site, string id)
    {
        var volume = site.Volumes.Show(Ann, id).Value;
        return (volume.Status, volume.SiteName);
    }

    private static byte[] Block(byte stamp)
    {
        var block = new byte[4096];
        Array.Fill(block, stamp);
        return block;
    }
}
