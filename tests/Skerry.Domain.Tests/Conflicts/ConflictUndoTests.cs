using Skerry.Domain.Conflicts;
using Skerry.TestKit.Domain;
using Skerry.TestKit.Time;

namespace Skerry.Domain.Tests.Conflicts;

public sealed class ConflictUndoTests : IAsyncLifetime
{
    private static readonly CancellationToken None = CancellationToken.None;
    private static readonly Actor Ann = DomainSite.Member("ann", "p1");
    private readonly ManualTime _time = new();
    private DomainSite _north = null!;
    private DomainSite _south = null!;
    private string _id = null!;

    public async ValueTask InitializeAsync()
    {
        _north = await DomainSite.StartAsync("north", _time);
        _south = await DomainSite.StartAsync("south", _time);
        _id = (await _north.Volumes.CreateAsync(Ann, new() { Name = "disk", SizeGib = 1 }, None)).Value.Id;
        await _north.SettleAsync();
        await DomainSite.ExchangeAsync(_north, _south);
        await _north.Volumes.UpdateAsync(Ann, _id, new() { Name = "n" }, None);
        _time.Advance(TimeSpan.FromSeconds(1));
        await _south.Volumes.UpdateAsync(Ann, _id, new() { Name = "s" }, None);
        await DomainSite.ExchangeAsync(_north, _south);
    }

    public async ValueTask DisposeAsync()
    {
        await _north.DisposeAsync();
        await _south.DisposeAsync();
    }

    [Fact]
    public async Task The_other_value_comes_back_at_every_site_under_one_id()
    {
        await _north.Conflicts.PickAsync(Ann, $"volume/{_id}/name", 0, None);
        await DomainSite.ExchangeAsync(_north, _south);
        var settled = Assert.Single(_south.ConflictHistory.List(Ann, new()));
        Assert.Equal(settled.Id, Assert.Single(_north.ConflictHistory.List(Ann, new())).Id);
        Assert.Equal(("s", false), (settled.By.Value.AsString(), settled.IsWrittenSince));

        Assert.False((await _south.ConflictHistory.UndoAsync(Ann, settled.Id, null, None)).IsRefused);
        await DomainSite.ExchangeAsync(_north, _south);
        Assert.Equal("n", _north.Volumes.Show(Ann, _id).Value.Name);
        Assert.Empty(_north.Conflicts.List(Ann));
        Assert.True(_north.ConflictHistory.Show(Ann, settled.Id).Value.IsWrittenSince);
    }

    [Fact]
    public async Task What_was_written_since_is_given_up_only_by_a_choice_and_undoing_apart_is_a_conflict_again()
    {
        await _north.Volumes.UpdateAsync(Ann, _id, new() { Name = "third" }, None);
        await DomainSite.ExchangeAsync(_north, _south);
        var id = Assert.Single(_north.ConflictHistory.List(Ann, new())).Id;

        // Two values were replaced by a third: which is meant?
        Assert.Equal("choice", (await _north.ConflictHistory.UndoAsync(Ann, id, null, None)).Refusal!.Field);
        Assert.Equal("choice", (await _north.ConflictHistory.UndoAsync(Ann, id, 2, None)).Refusal!.Field);
        await _north.Volumes.UpdateAsync(Ann, _id, new() { Name = "fourth" }, None);
        Assert.Equal(RefusalKind.Conflict, (await _north.ConflictHistory.UndoAsync(Ann, id, null, None)).Refusal!.Kind);

        Assert.False((await _north.ConflictHistory.UndoAsync(Ann, id, 1, None)).IsRefused);
        Assert.Equal("n", _north.Volumes.Show(Ann, _id).Value.Name);
        Assert.False((await _south.ConflictHistory.UndoAsync(Ann, id, 0, None)).IsRefused);
        await DomainSite.ExchangeAsync(_north, _south);
        Assert.Single(_north.Conflicts.List(Ann));
        Assert.Equal(_north.Replica.Digest(), _south.Replica.Digest());
    }

    [Fact]
    public async Task Who_may_not_see_or_settle_may_not_undo_and_what_is_deleted_stays_so()
    {
        await _north.Conflicts.PickAsync(Ann, $"volume/{_id}/name", 0, None);
        var id = Assert.Single(_north.ConflictHistory.List(Ann, new())).Id;
        Assert.Equal(RefusalKind.NotFound, (await _north.ConflictHistory.UndoAsync(DomainSite.Member("eve", "p2"), id, null, None)).Refusal!.Kind);
        Assert.Equal(RefusalKind.NotAllowed, (await _north.ConflictHistory.UndoAsync(new Actor("rob", "rob", "p1", ["reader"]), id, null, None)).Refusal!.Kind);
        await _north.Volumes.DeleteAsync(Ann, _id, false, None);
        await _north.SettleAsync();
        Assert.Equal(RefusalKind.State, (await _north.ConflictHistory.UndoAsync(Ann, id, null, None)).Refusal!.Kind);
    }

    [Fact]
    public async Task Lists_are_cut_down_by_thing_field_site_and_type()
    {
        Assert.Single(_north.Conflicts.List(Ann, new ConflictFilter { Kind = "volume", EntityId = _id, Field = "name", Site = "south", Type = ConflictTypes.Values }));
        Assert.Empty(_north.Conflicts.List(Ann, new ConflictFilter { Kind = "user" }));
        Assert.Empty(_north.Conflicts.List(Ann, new ConflictFilter { EntityId = "other" }));
        Assert.Empty(_north.Conflicts.List(Ann, new ConflictFilter { Field = "description" }));
        Assert.Empty(_north.Conflicts.List(Ann, new ConflictFilter { Site = "west" }));
        Assert.Empty(_north.Conflicts.List(Ann, new ConflictFilter { Type = ConflictTypes.Delete }));
        await _north.Conflicts.PickAsync(Ann, $"volume/{_id}/name", 0, None);
        Assert.Single(_north.ConflictHistory.List(Ann, new ConflictFilter { Site = "south", Field = "name" }));
        Assert.Empty(_north.ConflictHistory.List(Ann, new ConflictFilter { Kind = "user" }));
    }
}
