using Skerry.Domain.Groups;
using Skerry.Domain.Recovery;
using Skerry.Domain.Replication;
using Skerry.State.Merging;
using Skerry.TestKit.Domain;
using Skerry.TestKit.Time;

namespace Skerry.Domain.Tests.Conflicts;

/// <summary>What cannot be undone is not done while it is in doubt.</summary>
public sealed class HeldFieldTests : IAsyncLifetime
{
    private static readonly CancellationToken None = CancellationToken.None;
    private readonly ManualTime _time = new();
    private DomainSite _north = null!;
    private DomainSite _south = null!;

    public async ValueTask InitializeAsync()
    {
        _north = await DomainSite.StartAsync("north", _time);
        _south = await DomainSite.StartAsync("south", _time);
    }

    public async ValueTask DisposeAsync()
    {
        await _north.DisposeAsync();
        await _south.DisposeAsync();
    }

    [Fact]
    public async Task A_replica_that_was_moved_to_two_places_is_paused_until_one_is_chosen_with_its_backend()
    {
        var key = Relation.Key("r");
        await WriteAsync(_north, key, (Relation.VolumeIdField, "v"), (Relation.HomeSiteField, "a"), (Relation.HomeBackendField, "ssd"), (Relation.TargetSiteField, "b"), (Relation.TargetBackendField, "one"));
        await DomainSite.ExchangeAsync(_north, _south);
        Assert.False(Relation.Find(StateView.Of(_north.Replica), "r")!.IsPaused);
        await WriteAsync(_north, key, (Relation.TargetSiteField, "c"), (Relation.TargetBackendField, "two"));
        _time.Advance(TimeSpan.FromSeconds(1));
        await WriteAsync(_south, key, (Relation.TargetSiteField, "d"), (Relation.TargetBackendField, "three"));
        await DomainSite.ExchangeAsync(_north, _south);

        var held = Relation.Find(StateView.Of(_north.Replica), "r")!;
        Assert.True(held.IsPaused && held.IsInConflict);
        Assert.Contains("did not know", held.WhyPaused.Reason, StringComparison.Ordinal);

        // Another write does not settle it, nor does half a place.
        await WriteAsync(_north, key, (Relation.TargetSiteField, "e"), (Relation.TargetBackendField, "four"));
        await DomainSite.ExchangeAsync(_north, _south);
        Assert.True(Relation.Find(StateView.Of(_south.Replica), "r")!.IsInConflict);
        var id = $"replication/r/{Relation.TargetSiteField}";
        Assert.Equal("value", (await _south.Conflicts.SetAsync(DomainSite.Admin, id, FieldValue.FromString("f"), None)).Refusal!.Field);

        Assert.Equal("c", _south.Conflicts.Show(DomainSite.Admin, id).Value.Losers[0].Value.AsString());
        Assert.False((await _south.Conflicts.PickAsync(DomainSite.Admin, id, 1, None)).IsRefused);
        await DomainSite.ExchangeAsync(_north, _south);
        var settled = Relation.Find(StateView.Of(_north.Replica), "r")!;
        Assert.Equal(("c", "two", false), (settled.OtherSite, settled.OtherBackend, settled.IsPaused));
        Assert.Empty(_north.Conflicts.List(DomainSite.Admin));
    }

    [Fact]
    public async Task A_volume_that_two_groups_claim_is_in_neither_until_one_is_chosen()
    {
        var volume = (await _north.Volumes.CreateAsync(DomainSite.Admin, new() { Name = "disk", SizeGib = 1 }, None)).Value.Id;
        await WriteAsync(_north, Group.Key("g"), ("name", "one"));
        await WriteAsync(_north, Group.Key("h"), ("name", "two"));
        await DomainSite.ExchangeAsync(_north, _south);
        await _north.Replica.CommitAsync(t => GroupMembers.Add(t, volume, "g"), new("test"), None);
        await _south.Replica.CommitAsync(t => GroupMembers.Add(t, volume, "h"), new("test"), None);
        await DomainSite.ExchangeAsync(_north, _south);

        var state = StateView.Of(_north.Replica);
        Assert.Null(GroupMembers.GroupOf(state, volume));
        Assert.Empty(GroupMembers.Of(state, "g").Concat(GroupMembers.Of(state, "h")));
        Assert.Equal(
            RefusalKind.Conflict, GroupAdmission.Check(_north.Context, state, DomainSite.Admin, Group.Find(state, "g")!, volume)!.Kind);

        Assert.False((await _north.Conflicts.PickAsync(DomainSite.Admin, $"group_member/{volume}/group_id", 1, None)).IsRefused);
        Assert.NotNull(GroupMembers.GroupOf(StateView.Of(_north.Replica), volume));
    }

    [Fact]
    public async Task A_plan_that_was_written_in_two_ways_is_neither_run_nor_written_over()
    {
        var (north, south) = (new PlanService(_north.Context), new PlanService(_south.Context));
        var plan = RecoveryPlan.Derived("south") with { Name = "p" };
        await DomainSite.ExchangeAsync(_north, _south);
        Assert.False((await north.SetAsync(DomainSite.Admin, plan, None)).IsRefused);
        await south.SetAsync(DomainSite.Admin, plan with { Parallel = 3 }, None);
        await DomainSite.ExchangeAsync(_north, _south);
        Assert.NotNull(RecoveryPlan.InConflict(StateView.Of(_north.Replica), "p"));
        Assert.Equal(RefusalKind.Conflict, (await north.SetAsync(DomainSite.Admin, plan with { Parallel = 5 }, None)).Refusal!.Kind);
        Assert.False((await north.SetAsync(DomainSite.Admin, plan with { Name = "q" }, None)).IsRefused);

        var conflict = Assert.Single(_north.Conflicts.List(DomainSite.Admin));
        Assert.False((await _north.Conflicts.PickAsync(DomainSite.Admin, conflict.Id, 0, None)).IsRefused);
        Assert.False((await north.SetAsync(DomainSite.Admin, plan with { Parallel = 5 }, None)).IsRefused);
    }

    private static async Task WriteAsync(DomainSite site, EntityKey key, params (string Field, string Value)[] fields) =>
        await site.Replica.CommitAsync(
            transaction =>
            {
                foreach (var (field, value) in fields)
                {
                    transaction.Set(key, field, value);
                }
            },
            new("test"), None);
}
