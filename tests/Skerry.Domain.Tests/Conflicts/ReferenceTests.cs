using Skerry.Domain.Conflicts;
using Skerry.Domain.Identity;
using Skerry.Domain.Operations;
using Skerry.Domain.References;
using Skerry.Domain.Tests.Identity;
using Skerry.Domain.Volumes;
using Skerry.State.Merging;
using Skerry.TestKit.Domain;
using Skerry.TestKit.Time;

namespace Skerry.Domain.Tests.Conflicts;

/// <summary>A thing that is deleted while something is made of it elsewhere, and nobody is left with half of it.</summary>
public sealed class ReferenceTests
{
    private static readonly CancellationToken None = CancellationToken.None;
    private static readonly Actor Admin = DomainSite.Admin;
    private static readonly Actor Ann = DomainSite.Member("ann", "p1");
    private readonly ManualTime _time = new();

    [Fact]
    public void Every_reference_is_between_declared_kinds_and_fields()
    {
        Assert.All(Reference.All, reference =>
        {
            Assert.Contains(DomainSchema.Kinds, k => k.Kind == reference.Parent);
            var child = Assert.Single(DomainSchema.Kinds, k => k.Kind == reference.Child);
            Assert.True(reference.Field == Reference.OwnId || child.Fields.Any(f => f.Names.Contains(reference.Field)), $"{reference}");
        });
        Assert.Equal(Reference.All.Count, Reference.All.Select(r => (r.Child, r.Field, r.Parent)).Distinct().Count());
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public async Task A_deletion_waits_for_a_choice_where_its_owner_knows_of_an_update_that_the_asker_did_not(int choice)
    {
        await using var owner = await DomainSite.StartAsync("owner", _time);
        await using var asker = await DomainSite.StartAsync("asker", _time);
        await using var other = await DomainSite.StartAsync("other", _time);
        var id = await VolumeAsync(owner, asker, other);
        await asker.Volumes.DeleteAsync(Ann, id, false, None);
        await other.Volumes.UpdateAsync(Ann, id, new() { Description = "still wanted" }, None);
        await other.SendAsync(owner);
        await asker.SendAsync(owner);
        await owner.SettleAsync();

        var shown = owner.Volumes.Show(Ann, id).Value;
        Assert.Equal(VolumeStatus.Deleting, shown.Status);
        Assert.Contains("description", shown.ErrorReason, StringComparison.Ordinal);
        Assert.Single(await owner.Driver.ListLocalAsync(None));
        var operation = owner.Operations.Show(Ann, shown.OperationId!).Value;
        Assert.Equal(OperationStatus.Queued, operation.Status);
        Assert.Contains("without knowing of the deletion", operation.Reason, StringComparison.Ordinal);
        var conflict = Assert.Single(owner.Conflicts.List(Ann));
        Assert.Equal((ConflictTypes.PendingDelete, $"volume/{id}/$delete"), (conflict.Type, conflict.Id));
        Assert.Equal(("asker", "other", "description"), (conflict.Winner!.SiteName, conflict.Losers[0].SiteName, conflict.Losers[0].What));

        // Any site shows it and can choose.
        await owner.SendAsync(asker);
        Assert.Equal(conflict.Id, Assert.Single(asker.Conflicts.List(Ann)).Id);
        Assert.Equal("choice", (await asker.Conflicts.PickAsync(Ann, conflict.Id, 2, None)).Refusal!.Field);
        Assert.False((await asker.Conflicts.PickAsync(Ann, conflict.Id, choice, None)).IsRefused);
        await asker.SendAsync(owner);
        await owner.SettleAsync();
        Assert.Empty(owner.Conflicts.List(Ann));
        Assert.Equal(choice == 0, owner.Volumes.Show(Ann, id).IsRefused);
        Assert.Equal(choice, (await owner.Driver.ListLocalAsync(None)).Count);
    }

    [Fact]
    public async Task A_deletion_waits_while_there_is_a_snapshot_that_its_asker_did_not_know_and_goes_on_without_it()
    {
        await using var owner = await DomainSite.StartAsync("owner", _time);
        await using var asker = await DomainSite.StartAsync("asker", _time);
        var id = await VolumeAsync(owner, asker);
        await asker.Volumes.DeleteAsync(Ann, id, true, None);
        var snapshot = (await owner.Snapshots.CreateAsync(Ann, new(id), None)).Value.Id;
        await owner.SettleAsync();
        await DomainSite.ExchangeAsync(owner, asker);
        await owner.SettleAsync();
        Assert.Contains(snapshot, owner.Volumes.Show(Ann, id).Value.ErrorReason, StringComparison.Ordinal);
        Assert.Equal(VolumeStatus.Available, owner.Snapshots.Show(Ann, snapshot).Value.Status);
        var conflict = Assert.Single(owner.Conflicts.List(Ann));
        Assert.Equal(RefusalKind.State, (await owner.Conflicts.PickAsync(Ann, conflict.Id, 0, None)).Refusal!.Kind);

        Assert.False((await owner.Snapshots.DeleteAsync(Ann, snapshot, None)).IsRefused);
        await owner.SettleAsync();
        Assert.True(owner.Volumes.Show(Ann, id).IsRefused);
        Assert.Empty(await owner.Driver.ListLocalAsync(None));
        Assert.Empty(owner.Conflicts.List(Ann));
    }

    [Fact]
    public async Task A_snapshot_of_a_volume_that_was_deleted_elsewhere_keeps_it_in_deleting_and_is_not_left_behind_by_its_purge()
    {
        await using var owner = await DomainSite.StartAsync("owner", _time);
        await using var other = await DomainSite.StartAsync("other", _time);
        var id = await VolumeAsync(owner, other);
        await owner.Volumes.DeleteAsync(Ann, id, false, None);
        await owner.SettleAsync();
        var snapshot = (await other.Snapshots.CreateAsync(Ann, new(id), None)).Value.Id;
        await DomainSite.ExchangeAsync(owner, other);
        await owner.SettleAsync();
        await DomainSite.ExchangeAsync(owner, other);

        foreach (var site in (DomainSite[])[owner, other])
        {
            var shown = site.Volumes.Show(Ann, id).Value;
            Assert.Equal(VolumeStatus.Deleting, shown.Status);
            Assert.Contains(snapshot, shown.ErrorReason, StringComparison.Ordinal);
            Assert.Contains(site.Volumes.List(Ann, new VolumeFilter()), v => v.Id == id);
            var conflict = Assert.Single(site.Conflicts.List(Ann));
            Assert.Equal((ConflictTypes.Reference, $"volume/{id}/$references", "owner", "other"), (conflict.Type, conflict.Id, conflict.Winner!.SiteName, conflict.Losers[0].SiteName));
            Assert.Equal(RefusalKind.State, (await site.Conflicts.PickAsync(Ann, conflict.Id, 1, None)).Refusal!.Kind);
        }

        Assert.Equal(RefusalKind.NotFound, owner.Volumes.Show(DomainSite.Member("eve", "p2"), id).Refusal!.Kind);
        _time.Advance(TimeSpan.FromDays(60));
        await new TrashReconciler(owner.Context).StepAsync(None);
        Assert.NotNull(owner.Replica.Find(new EntityKey("volume", id)));

        Assert.False((await other.Snapshots.DeleteAsync(Ann, snapshot, None)).IsRefused);
        await DomainSite.ExchangeAsync(owner, other);
        await owner.SettleAsync();
        Assert.Empty(owner.Conflicts.List(Ann));
        Assert.True(owner.Volumes.Show(Ann, id).IsRefused);

        // The snapshot is purged first, and the volume after it.
        _time.Advance(TimeSpan.FromDays(60));
        var trash = new TrashReconciler(owner.Context);
        await trash.StepAsync(None);
        await trash.StepAsync(None);
        Assert.Null(owner.Replica.Find(new EntityKey("volume", id)));
        Assert.Null(owner.Replica.Find(new EntityKey("snapshot", snapshot)));
    }

    [Fact]
    public async Task A_type_that_was_deleted_while_a_volume_was_made_of_it_can_be_restored_and_keeps_its_name()
    {
        await using var north = await DomainSite.StartAsync("north", _time);
        await using var south = await DomainSite.StartAsync("south", _time);
        var type = (await north.Types.CreateAsync(Admin, new("gold"), None)).Value;
        await DomainSite.ExchangeAsync(north, south);
        Assert.False((await north.Types.DeleteAsync(Admin, type.Id, None)).IsRefused);
        var volume = (await south.Volumes.CreateAsync(Ann, new() { SizeGib = 1, Type = "gold", Site = "south" }, None)).Value.Id;
        await south.SettleAsync();
        await DomainSite.ExchangeAsync(north, south);
        Assert.Equal("gold", north.Volumes.Show(Ann, volume).Value.TypeName);
        var conflict = Assert.Single(north.Conflicts.List(Admin));
        Assert.Equal($"volume_type/{type.Id}/$references", conflict.Id);
        Assert.Empty(north.Conflicts.List(Ann));
        Assert.Equal(RefusalKind.State, (await north.Conflicts.PickAsync(Admin, conflict.Id, 0, None)).Refusal!.Kind);
        Assert.False((await north.Conflicts.PickAsync(Admin, conflict.Id, 1, None)).IsRefused);
        await DomainSite.ExchangeAsync(north, south);
        Assert.Empty(south.Conflicts.List(Admin));
        Assert.Equal("gold", south.Types.Show(Admin, type.Id).Value.Name);
    }

    [Fact]
    public async Task A_project_is_not_deleted_while_it_owns_volumes_and_comes_back_for_those_that_it_got_meanwhile()
    {
        await using var north = await IdentitySite.StartAsync("north", _time);
        await using var south = await IdentitySite.StartAsync("south", _time, north);
        var project = (await north.Projects.CreateAsync(Admin, new NewProject("web"), None)).Value.Id;
        await DomainSite.ExchangeAsync(north.Site, south.Site);
        var bob = DomainSite.Member("bob", project);
        await south.Site.Volumes.CreateAsync(bob, new() { SizeGib = 1, Site = "south" }, None);
        Assert.Equal(RefusalKind.State, (await south.Projects.DeleteAsync(Admin, project, None)).Refusal!.Kind);
        Assert.False((await north.Projects.DeleteAsync(Admin, project, None)).IsRefused);
        await DomainSite.ExchangeAsync(north.Site, south.Site);

        var conflict = Assert.Single(south.Site.Conflicts.List(Admin));
        Assert.Equal((ConflictTypes.Reference, $"{IdentityKinds.Project}/{project}/$references"), (conflict.Type, conflict.Id));
        Assert.False((await south.Site.Conflicts.PickAsync(Admin, conflict.Id, 1, None)).IsRefused);
        await DomainSite.ExchangeAsync(north.Site, south.Site);
        Assert.Equal("web", north.Projects.Show(Admin, project).Value.Name);
    }

    private static async Task<string> VolumeAsync(DomainSite owner, params DomainSite[] others)
    {
        foreach (var other in others)
        {
            await DomainSite.ExchangeAsync(owner, other);
        }

        var id = (await owner.Volumes.CreateAsync(Ann, new() { Name = "disk", SizeGib = 1 }, None)).Value.Id;
        await owner.SettleAsync();
        foreach (var other in others)
        {
            await DomainSite.ExchangeAsync(owner, other);
        }

        return id;
    }
}
