using Skerry.Domain.Volumes;
using Skerry.TestKit.Domain;
using Skerry.TestKit.Time;

namespace Skerry.Domain.Tests.Volumes;

public sealed class TrashTests
{
    private static readonly CancellationToken None = CancellationToken.None;
    private static readonly Actor Ann = DomainSite.Member("ann", "p1");
    private readonly ManualTime _time = new();

    [Fact]
    public async Task What_was_deleted_long_ago_is_purged_by_the_site_that_deleted_it()
    {
        await using var north = await DomainSite.StartAsync("north", _time);
        await using var south = await DomainSite.StartAsync("south", _time);
        var id = await MakeAndDeleteAsync(north);
        await DomainSite.ExchangeAsync(north, south);
        await StepAsync(north);
        Assert.Single(north.Replica.ListDeleted(EntityKinds.Volume));

        _time.Advance(TimeSpan.FromDays(31));
        await StepAsync(south);
        Assert.Single(south.Replica.ListDeleted(EntityKinds.Volume));
        await StepAsync(north);
        Assert.Null(north.Replica.Find(VolumeEntity.Key(id)));
        Assert.Empty(north.Replica.ListDeleted(EntityKinds.Generation));
        await north.SendAsync(south);
        Assert.Null(south.Replica.Find(VolumeEntity.Key(id)));
    }

    [Fact]
    public async Task What_is_in_conflict_stays()
    {
        await using var north = await DomainSite.StartAsync("north", _time);
        await using var south = await DomainSite.StartAsync("south", _time);
        var id = (await north.Volumes.CreateAsync(Ann, new() { SizeGib = 1 }, None)).Value.Id;
        await north.SettleAsync();
        await DomainSite.ExchangeAsync(north, south);
        await north.Volumes.DeleteAsync(Ann, id, false, None);
        await north.SettleAsync();
        await south.Volumes.UpdateAsync(Ann, id, new() { Name = "wanted" }, None);
        await DomainSite.ExchangeAsync(north, south);

        _time.Advance(TimeSpan.FromDays(31));
        await StepAsync(north);
        Assert.Single(north.Conflicts.List(Ann));
        Assert.NotNull(north.Replica.Find(VolumeEntity.Key(id)));
    }

    private static async Task<string> MakeAndDeleteAsync(DomainSite site)
    {
        var id = (await site.Volumes.CreateAsync(Ann, new() { SizeGib = 1 }, None)).Value.Id;
        await site.SettleAsync();
        await site.Volumes.DeleteAsync(Ann, id, false, None);
        await site.SettleAsync();
        return id;
    }

    private static async Task StepAsync(DomainSite site) => await new TrashReconciler(site.Context).StepAsync(None);
}
