using Skerry.State.Merging;
using Skerry.TestKit.Domain;
using Skerry.TestKit.Time;

namespace Skerry.Domain.Tests.Conflicts;

public sealed class ConflictServiceTests
{
    private static readonly CancellationToken None = CancellationToken.None;
    private static readonly Actor Ann = DomainSite.Member("ann", "p1");
    private readonly ManualTime _time = new();

    [Fact]
    public async Task A_value_of_ones_own_settles_it_and_must_have_the_same_shape()
    {
        await using var pair = await Pair.StartAsync(_time);
        var id = pair.ConflictId;
        Assert.Equal("value", (await pair.North.Conflicts.SetAsync(Ann, id, FieldValue.From(5), None)).Refusal!.Field);
        Assert.False((await pair.North.Conflicts.SetAsync(Ann, id, FieldValue.FromString("both"), None)).IsRefused);
        await DomainSite.ExchangeAsync(pair.North, pair.South);
        Assert.Equal("both", pair.South.Volumes.Show(Ann, pair.VolumeId).Value.Name);
        Assert.Empty(pair.South.Conflicts.List(Ann));
    }

    [Fact]
    public async Task What_is_not_there_or_not_shown_is_refused()
    {
        await using var pair = await Pair.StartAsync(_time);
        var eve = DomainSite.Member("eve", "p2");
        Assert.Empty(pair.North.Conflicts.List(eve));
        Assert.Equal(RefusalKind.NotFound, pair.North.Conflicts.Show(eve, pair.ConflictId).Refusal!.Kind);
        Assert.Equal(RefusalKind.NotFound, (await pair.North.Conflicts.PickAsync(eve, pair.ConflictId, 0, None)).Refusal!.Kind);
        Assert.Equal("choice", (await pair.North.Conflicts.PickAsync(Ann, pair.ConflictId, 2, None)).Refusal!.Field);
        Assert.Equal(RefusalKind.NotFound, (await pair.North.Conflicts.PickAsync(Ann, "volume/x/name", 0, None)).Refusal!.Kind);
        var reader = new Actor("rob", "user-rob", "p1", ["reader"]);
        Assert.Equal(RefusalKind.NotAllowed, (await pair.North.Conflicts.PickAsync(reader, pair.ConflictId, 0, None)).Refusal!.Kind);
        Assert.Empty(pair.North.ConflictHistory.List(eve, new()));
    }

    [Fact]
    public async Task Settled_at_both_sites_apart_it_is_a_conflict_again()
    {
        await using var pair = await Pair.StartAsync(_time);
        await pair.North.Conflicts.PickAsync(Ann, pair.ConflictId, 0, None);
        await pair.South.Conflicts.PickAsync(Ann, pair.ConflictId, 1, None);
        await DomainSite.ExchangeAsync(pair.North, pair.South);
        Assert.Single(pair.North.Conflicts.List(Ann));
        Assert.Equal(pair.North.Replica.Digest(), pair.South.Replica.Digest());
    }

    [Fact]
    public async Task A_delete_against_an_update_shows_and_can_be_confirmed_but_no_disk_is_promised_back()
    {
        await using var pair = await Pair.StartAsync(_time);
        await pair.North.Conflicts.PickAsync(Ann, pair.ConflictId, 0, None);
        await DomainSite.ExchangeAsync(pair.North, pair.South);
        await pair.North.Volumes.DeleteAsync(Ann, pair.VolumeId, false, None);
        await pair.North.SettleAsync();
        await pair.South.Volumes.UpdateAsync(Ann, pair.VolumeId, new() { Description = "still wanted" }, None);
        await DomainSite.ExchangeAsync(pair.North, pair.South);

        var conflict = Assert.Single(pair.South.Conflicts.List(Ann));
        Assert.Contains("deleted", conflict.Nature, StringComparison.Ordinal);
        Assert.Equal(RefusalKind.State, (await pair.South.Conflicts.PickAsync(Ann, conflict.Id, 1, None)).Refusal!.Kind);
        Assert.False((await pair.South.Conflicts.PickAsync(Ann, conflict.Id, 0, None)).IsRefused);
        await DomainSite.ExchangeAsync(pair.North, pair.South);
        Assert.Empty(pair.North.Conflicts.List(Ann));
        Assert.True(pair.North.Volumes.Show(Ann, pair.VolumeId).IsRefused);
    }

    private sealed class Pair : IAsyncDisposable
    {
        public required DomainSite North { get; init; }

        public required DomainSite South { get; init; }

        public required string VolumeId { get; init; }

        public string ConflictId => $"volume/{VolumeId}/name";

        public static async Task<Pair> StartAsync(ManualTime time)
        {
            var north = await DomainSite.StartAsync("north", time);
            var south = await DomainSite.StartAsync("south", time);
            var id = (await north.Volumes.CreateAsync(Ann, new() { Name = "disk", SizeGib = 1 }, None)).Value.Id;
            await north.SettleAsync();
            await DomainSite.ExchangeAsync(north, south);
            await north.Volumes.UpdateAsync(Ann, id, new() { Name = "n" }, None);
            await south.Volumes.UpdateAsync(Ann, id, new() { Name = "s" }, None);
            await DomainSite.ExchangeAsync(north, south);
            return new Pair { North = north, South = south, VolumeId = id };
        }

        public async ValueTask DisposeAsync()
        {
            await North.DisposeAsync();
            await South.DisposeAsync();
        }
    }
}
