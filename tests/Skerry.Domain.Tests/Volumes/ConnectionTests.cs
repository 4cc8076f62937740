using Skerry.Domain.Replication;
using Skerry.Domain.Volumes;
using Skerry.TestKit.Domain;
using Skerry.TestKit.Time;

namespace Skerry.Domain.Tests.Volumes;

public sealed class ConnectionTests
{
    private static readonly CancellationToken None = CancellationToken.None;
    private static readonly Actor Ann = DomainSite.Member("ann", "p1");
    private readonly ManualTime _time = new();

    [Fact]
    public async Task The_secret_opens_the_volume_until_it_is_disconnected()
    {
        await using var site = await DomainSite.StartAsync("north", _time);
        var id = await CreateAsync(site);
        var grant = (await site.Connections.ConnectAsync(Ann, new(id) { HostNote = "vm1" }, None)).Value;
        Assert.Equal($"nbd://127.0.0.1:10809/{grant.ExportName}", grant.Uri);
        Assert.Equal(VolumeStatus.InUse, site.Volumes.Show(Ann, id).Value.Status);

        using var lease = site.Exports.Open(grant.ExportName)!;
        Assert.Equal((id, null, false), (lease.Grant.VolumeId, lease.Grant.SnapshotId, lease.Grant.ReadOnly));
        Assert.Null(site.Exports.Open(id));
        Assert.Null(site.Exports.Open(grant.Connection.Id));
        Assert.Null(site.Exports.Open(""));

        Assert.Equal(1, (await site.Connections.DisconnectAsync(Ann, id, grant.Connection.Id, None)).Value);
        Assert.True(lease.Revoked.IsCancellationRequested);
        Assert.Null(site.Exports.Open(grant.ExportName));
        Assert.Equal(VolumeStatus.Available, site.Volumes.Show(Ann, id).Value.Status);
    }

    [Fact]
    public async Task A_connection_for_one_client_opens_to_its_certificate_alone_by_secret_or_by_id()
    {
        await using var site = await DomainSite.StartAsync("north", _time);
        var id = await CreateAsync(site);
        var refused = (await site.Connections.ConnectAsync(Ann, new(id) { ClientName = "host-7" }, None)).Refusal!;
        Assert.Equal((RefusalKind.Invalid, "client_name"), (refused.Kind, refused.Field));
        site.NbdAddress.KnowsClients = true;
        Assert.NotNull((await site.Connections.ConnectAsync(Ann, new(id) { ClientName = "" }, None)).Refusal);

        var grant = (await site.Connections.ConnectAsync(Ann, new(id) { ClientName = "host-7", ReadOnly = true }, None)).Value;
        var open = (await site.Connections.ConnectAsync(Ann, new(id), None)).Value;
        Assert.Equal("host-7", site.Connections.List(Ann, id).Value.Single(c => c.Id == grant.Connection.Id).ClientName);
        foreach (var stranger in new[] { null, "", "host-8", "HOST-7" })
        {
            Assert.Null(site.Exports.Open(grant.ExportName, stranger));
            Assert.Null(site.Exports.Open(grant.Connection.Id, stranger));
            Assert.Empty(site.Exports.For(stranger ?? ""));
        }

        foreach (var name in new[] { grant.ExportName, grant.Connection.Id })
        {
            Assert.Equal((id, true), (site.Exports.Open(name, "host-7")!.Grant.VolumeId, site.Exports.Open(name, "host-7")!.Grant.ReadOnly));
        }

        Assert.Equal([grant.Connection.Id], site.Exports.For("host-7").Select(g => g.ConnectionId));

        // A certificate opens nothing that is for nobody in particular, but does not stand in the way of a secret.
        Assert.Null(site.Exports.Open(open.Connection.Id, "host-7"));
        Assert.NotNull(site.Exports.Open(open.ExportName, "host-7"));

        await site.Connections.DisconnectAsync(Ann, id, grant.Connection.Id, None);
        Assert.Null(site.Exports.Open(grant.Connection.Id, "host-7"));
        Assert.Empty(site.Exports.For("host-7"));
    }

    [Fact]
    public async Task The_secret_is_kept_nowhere()
    {
        await using var site = await DomainSite.StartAsync("north", _time);
        var id = await CreateAsync(site);
        var grant = (await site.Connections.ConnectAsync(Ann, new(id), None)).Value;
        var connection = site.Replica.List(EntityKinds.Connection).Single();
        Assert.DoesNotContain(connection.Fields, f => connection.TryGet(f, out var v) && v.ToString().Contains(grant.ExportName, StringComparison.Ordinal));
        Assert.True(grant.ExportName.Length >= 43);
    }

    [Fact]
    public async Task A_snapshot_and_a_read_only_connection_do_not_put_it_in_use()
    {
        await using var site = await DomainSite.StartAsync("north", _time);
        var id = await CreateAsync(site);
        var snapshot = (await site.Snapshots.CreateAsync(Ann, new(id), None)).Value.Id;
        await site.SettleAsync();
        var ofSnapshot = (await site.Connections.ConnectAsync(Ann, new(id) { SnapshotId = snapshot }, None)).Value;
        await site.Connections.ConnectAsync(Ann, new(id) { ReadOnly = true }, None);
        Assert.True(site.Exports.Open(ofSnapshot.ExportName)!.Grant.ReadOnly);
        Assert.Equal(VolumeStatus.Available, site.Volumes.Show(Ann, id).Value.Status);
        Assert.Equal(2, site.Connections.List(Ann, id).Value.Count);
    }

    [Fact]
    public async Task A_volume_in_use_is_not_deleted()
    {
        await using var site = await DomainSite.StartAsync("north", _time);
        var id = await CreateAsync(site);
        await site.Connections.ConnectAsync(Ann, new(id), None);
        var refusal = (await site.Volumes.DeleteAsync(Ann, id, true, None)).Refusal!;
        Assert.Equal(RefusalKind.State, refusal.Kind);
        Assert.Contains("in-use", refusal.Message, StringComparison.Ordinal);
        Assert.False((await site.Volumes.ExtendAsync(Ann, id, 2, None)).IsRefused);
    }

    [Fact]
    public async Task Another_site_refuses_and_says_where_to_ask()
    {
        await using var north = await DomainSite.StartAsync("north", _time);
        await using var south = await DomainSite.StartAsync("south", _time);
        var id = await CreateAsync(north);
        await DomainSite.ExchangeAsync(north, south);
        var refusal = (await south.Connections.ConnectAsync(Ann, new(id), None)).Refusal!;
        Assert.Equal(RefusalKind.State, refusal.Kind);
        Assert.Contains("north", refusal.NextStep, StringComparison.Ordinal);

        var grant = (await north.Connections.ConnectAsync(Ann, new(id), None)).Value;
        await DomainSite.ExchangeAsync(north, south);
        Assert.Null(south.Exports.Open(grant.ExportName));
        Assert.Equal(VolumeStatus.InUse, south.Volumes.Show(Ann, id).Value.Status);
    }

    [Fact]
    public async Task A_higher_generation_elsewhere_fences_the_volume_and_voids_its_connections()
    {
        await using var north = await DomainSite.StartAsync("north", _time);
        await using var south = await DomainSite.StartAsync("south", _time);
        var id = await CreateAsync(north);
        var grant = (await north.Connections.ConnectAsync(Ann, new(id), None)).Value;
        var snapshot = (await north.Snapshots.CreateAsync(Ann, new(id), None)).Value.Id;
        await north.SettleAsync();
        var ofSnapshot = (await north.Connections.ConnectAsync(Ann, new(id) { SnapshotId = snapshot }, None)).Value;
        using var lease = north.Exports.Open(grant.ExportName)!;
        await DomainSite.ExchangeAsync(north, south);

        await PromoteAsync(south, id, number: 2, south.Context.SelfText);
        await south.SendAsync(north);
        Assert.Null(north.Exports.Open(grant.ExportName));
        await north.SettleAsync();

        Assert.True(lease.Revoked.IsCancellationRequested);
        Assert.Null((await north.Driver.ListLocalAsync(None)).Single().OpenGeneration);
        Assert.Equal("south", north.Volumes.Show(Ann, id).Value.SiteName);
        Assert.Equal([ofSnapshot.Connection.Id], north.Connections.List(Ann, id).Value.Select(c => c.Id));
        Assert.NotNull(north.Exports.Open(ofSnapshot.ExportName));
    }

    [Fact]
    public async Task A_handover_that_is_undone_gives_the_connections_back()
    {
        await using var site = await DomainSite.StartAsync("north", _time);
        var id = await CreateAsync(site);
        var grant = (await site.Connections.ConnectAsync(Ann, new(id), None)).Value;
        using var lease = site.Exports.Open(grant.ExportName)!;
        var current = Generations.Primary(StateView.Of(site.Replica), id)!.Current;
        await site.Context.DecideAsync(DomainSite.Admin, t => Hold(t), None);
        await site.SettleAsync();
        Assert.True(lease.Revoked.IsCancellationRequested);
        Assert.Null(site.Exports.Open(grant.ExportName));

        await site.Context.DecideAsync(DomainSite.Admin, t => Release(t), None);
        await site.SettleAsync();
        Assert.NotNull(site.Exports.Open(grant.ExportName));
        Assert.Equal(VolumeStatus.InUse, site.Volumes.Show(Ann, id).Value.Status);

        Unit Hold(Skerry.State.ITransaction transaction)
        {
            new Skerry.Domain.Recovery.Handover(id, current.Id, "operation", "It is being handed over.").Write(transaction);
            return default;
        }

        Unit Release(Skerry.State.ITransaction transaction)
        {
            Skerry.Domain.Recovery.Handover.Clear(transaction, id);
            return default;
        }
    }

    [Fact]
    public async Task A_split_brain_stops_both_sides()
    {
        await using var north = await DomainSite.StartAsync("north", _time);
        await using var south = await DomainSite.StartAsync("south", _time);
        var id = await CreateAsync(north);
        await DomainSite.ExchangeAsync(north, south);
        await PromoteAsync(north, id, 2, north.Context.SelfText);
        await north.SettleAsync();
        Assert.Equal(2, (await north.Driver.ListLocalAsync(None)).Single().OpenGeneration);
        await PromoteAsync(south, id, 2, south.Context.SelfText);
        await DomainSite.ExchangeAsync(north, south);
        await north.SettleAsync();
        Assert.Null((await north.Driver.ListLocalAsync(None)).Single().OpenGeneration);
        var self = north.Context.SelfText;
        Assert.Contains("Split brain", WritePermission.Of(StateView.Of(north.Replica), self, id).Reason, StringComparison.Ordinal);
        foreach (var actor in (Actor[])[Ann, DomainSite.Admin])
        {
            var refusal = (await north.Connections.ConnectAsync(actor, new(id), None)).Refusal!;
            Assert.Equal(RefusalKind.State, refusal.Kind);
            Assert.DoesNotContain(actor.IsAdmin ? "later" : self, refusal.ToString(), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task After_a_restart_the_volume_is_opened_again_and_its_connections_hold()
    {
        await using var site = await DomainSite.StartAsync("north", _time);
        var id = await CreateAsync(site);
        var grant = (await site.Connections.ConnectAsync(Ann, new(id), None)).Value;
        await site.RestartAsync();
        Assert.Null((await site.Driver.ListLocalAsync(None)).Single().OpenGeneration);
        await site.SettleAsync();
        Assert.Equal(1, (await site.Driver.ListLocalAsync(None)).Single().OpenGeneration);
        Assert.NotNull(site.Exports.Open(grant.ExportName));
    }

    [Fact]
    public async Task Attachments_go_through_cinders_states()
    {
        await using var site = await DomainSite.StartAsync("north", _time);
        var id = await CreateAsync(site);
        Assert.Equal(VolumeStatus.Attaching, (await site.Attachments.ReserveAsync(Ann, id, None)).Value.Status);
        Assert.Equal(RefusalKind.State, (await site.Attachments.ReserveAsync(Ann, id, None)).Refusal!.Kind);
        Assert.Equal(RefusalKind.State, (await site.Volumes.DeleteAsync(Ann, id, false, None)).Refusal!.Kind);
        var attachment = (await site.Attachments.AttachAsync(Ann, new(id) { InstanceId = "i", MountPoint = "/dev/vdb" }, None)).Value;
        Assert.Equal((VolumeStatus.InUse, attachment), (site.Volumes.Show(Ann, id).Value.Status, site.Volumes.Show(Ann, id).Value.Attachments.Single()));
        Assert.Equal(VolumeStatus.Detaching, (await site.Attachments.BeginDetachingAsync(Ann, id, None)).Value.Status);
        Assert.Equal(VolumeStatus.InUse, (await site.Attachments.RollDetachingAsync(Ann, id, None)).Value.Status);
        await site.Attachments.DetachAsync(Ann, id, null, None);
        Assert.Equal(VolumeStatus.Available, site.Volumes.Show(Ann, id).Value.Status);
    }

    private static async Task PromoteAsync(DomainSite at, string volumeId, long number, string site) =>
        await at.Context.DecideAsync(
            DomainSite.Admin,
            transaction =>
            {
                Generations.Write(transaction, new Generation(volumeId, number, at.Context.Ids.NewUuid(), site, 0, null, false));
                return default(Unit);
            },
            None);

    private static async Task<string> CreateAsync(DomainSite site)
    {
        var id = (await site.Volumes.CreateAsync(Ann, new() { Name = "disk", SizeGib = 1 }, None)).Value.Id;
        await site.SettleAsync();
        return id;
    }
}
