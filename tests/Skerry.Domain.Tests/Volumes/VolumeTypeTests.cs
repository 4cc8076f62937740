using Skerry.TestKit.Domain;
using Skerry.TestKit.Time;

namespace Skerry.Domain.Tests.Volumes;

public sealed class VolumeTypeTests
{
    private static readonly CancellationToken None = CancellationToken.None;
    private readonly ManualTime _time = new();

    [Fact]
    public async Task Sites_that_started_apart_have_one_native_type()
    {
        await using var north = await DomainSite.StartAsync("north", _time);
        _time.Advance(TimeSpan.FromHours(1));
        await using var south = await DomainSite.StartAsync("south", _time);
        await DomainSite.ExchangeAsync(north, south);
        Assert.Equal("native", Assert.Single(north.Types.List(DomainSite.Admin)).Name);
        Assert.Equal("native", south.Types.Default(DomainSite.Admin).Value.Name);
        Assert.Empty(north.Replica.Conflicts);
    }

    [Fact]
    public async Task A_type_decides_the_backend_and_stays_while_it_is_used()
    {
        await using var site = await DomainSite.StartAsync("north", _time);
        var ann = DomainSite.Member("ann", "p1");
        Assert.Equal(RefusalKind.NotAllowed, (await site.Types.CreateAsync(ann, new("gold"), None)).Refusal!.Kind);
        await site.Types.CreateAsync(DomainSite.Admin, new("gold") { Specs = new Dictionary<string, string> { ["volume_backend_name"] = "nvme" } }, None);
        await site.Types.CreateAsync(DomainSite.Admin, new("silver") { Specs = new Dictionary<string, string> { ["volume_backend_name"] = "ssd" } }, None);
        Assert.Equal(RefusalKind.Conflict, (await site.Types.CreateAsync(DomainSite.Admin, new("gold"), None)).Refusal!.Kind);

        var none = (await site.Volumes.CreateAsync(ann, new() { SizeGib = 1, Type = "gold" }, None)).Refusal!;
        Assert.Equal((RefusalKind.Invalid, "volume_type"), (none.Kind, none.Field));
        var id = (await site.Volumes.CreateAsync(ann, new() { SizeGib = 1, Type = "silver" }, None)).Value.Id;
        await site.SettleAsync();
        Assert.Equal(RefusalKind.State, (await site.Types.DeleteAsync(DomainSite.Admin, "silver", None)).Refusal!.Kind);
        await site.Volumes.DeleteAsync(ann, id, false, None);
        await site.SettleAsync();
        Assert.False((await site.Types.DeleteAsync(DomainSite.Admin, "silver", None)).IsRefused);
        Assert.Equal(["gold", "native"], site.Types.List(ann).Select(t => t.Name));
    }
}
