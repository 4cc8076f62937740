using Skerry.TestKit.Domain;
using Skerry.TestKit.Time;

namespace Skerry.Domain.Tests.Volumes;

public sealed class QuotaTests
{
    private static readonly CancellationToken None = CancellationToken.None;
    private static readonly Actor Ann = DomainSite.Member("ann", "p1");

    [Fact]
    public async Task Unless_set_a_project_has_cinders_defaults()
    {
        await using var site = await DomainSite.StartAsync("north", new ManualTime());
        var quota = site.Quotas.Show(Ann, "p1").Value;
        Assert.Equal((10L, 1000L, 10L), (quota.Volumes.Limit, quota.Gigabytes.Limit, quota.Snapshots.Limit));
    }

    [Fact]
    public async Task A_request_over_the_quota_names_quota_request_use_and_limit()
    {
        await using var site = await DomainSite.StartAsync("north", new ManualTime());
        await site.Quotas.SetAsync(DomainSite.Admin, "p1", new() { Volumes = 2, Gigabytes = 10, Snapshots = 1 }, None);
        var id = (await site.Volumes.CreateAsync(Ann, new() { SizeGib = 6 }, None)).Value.Id;
        await site.SettleAsync();

        var over = (await site.Volumes.CreateAsync(Ann, new() { SizeGib = 5 }, None)).Refusal!;
        Assert.Equal((RefusalKind.Quota, "gigabytes"), (over.Kind, over.Field));
        Assert.Contains("requested 5, in use 6, limit 10", over.Message, StringComparison.Ordinal);
        Assert.Equal(RefusalKind.Quota, (await site.Volumes.ExtendAsync(Ann, id, 11, None)).Refusal!.Kind);

        await site.Volumes.CreateAsync(Ann, new() { SizeGib = 1 }, None);
        Assert.Equal("volumes", (await site.Volumes.CreateAsync(Ann, new() { SizeGib = 1 }, None)).Refusal!.Field);
        Assert.False((await site.Volumes.CreateAsync(DomainSite.Member("bob", "p2"), new() { SizeGib = 1 }, None)).IsRefused);

        await site.Snapshots.CreateAsync(Ann, new(id), None);
        Assert.Equal("snapshots", (await site.Snapshots.CreateAsync(Ann, new(id), None)).Refusal!.Field);
    }

    [Fact]
    public async Task An_extension_that_waits_has_taken_its_room_already()
    {
        await using var site = await DomainSite.StartAsync("north", new ManualTime());
        await site.Quotas.SetAsync(DomainSite.Admin, "p1", new() { Gigabytes = 10 }, None);
        var id = (await site.Volumes.CreateAsync(Ann, new() { SizeGib = 1 }, None)).Value.Id;
        await site.SettleAsync();
        await site.Volumes.ExtendAsync(Ann, id, 10, None);
        Assert.Equal(RefusalKind.Quota, (await site.Volumes.CreateAsync(Ann, new() { SizeGib = 1 }, None)).Refusal!.Kind);
        Assert.Equal(10, site.Quotas.Show(Ann, "p1").Value.Gigabytes.Used);
    }

    [Fact]
    public async Task Two_requests_at_once_do_not_both_take_the_last_of_it()
    {
        await using var site = await DomainSite.StartAsync("north", new ManualTime());
        await site.Quotas.SetAsync(DomainSite.Admin, "p1", new() { Volumes = 5 }, None);
        var asked = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ =>
            Task.Run(async () => await site.Volumes.CreateAsync(Ann, new() { SizeGib = 1 }, None))));
        Assert.Equal(5, asked.Count(a => !a.IsRefused));
    }

    [Fact]
    public async Task Only_an_administrator_sets_them_and_minus_one_is_no_limit()
    {
        await using var site = await DomainSite.StartAsync("north", new ManualTime());
        Assert.Equal(RefusalKind.NotAllowed, (await site.Quotas.SetAsync(Ann, "p1", new() { Volumes = 99 }, None)).Refusal!.Kind);
        Assert.Equal("volumes", (await site.Quotas.SetAsync(DomainSite.Admin, "p1", new() { Volumes = -2 }, None)).Refusal!.Field);
        await site.Quotas.SetAsync(DomainSite.Admin, "p1", new() { Volumes = 0 }, None);
        Assert.Equal(RefusalKind.Quota, (await site.Volumes.CreateAsync(Ann, new() { SizeGib = 1 }, None)).Refusal!.Kind);
        await site.Quotas.SetAsync(DomainSite.Admin, "p1", new() { Volumes = -1 }, None);
        Assert.False((await site.Volumes.CreateAsync(Ann, new() { SizeGib = 1 }, None)).IsRefused);
        await site.Quotas.ResetAsync(DomainSite.Admin, "p1", None);
        Assert.Equal(10, site.Quotas.Show(Ann, "p1").Value.Volumes.Limit);

        // What was put back to the defaults can be set again.
        await site.Quotas.SetAsync(DomainSite.Admin, "p1", new() { Volumes = 3 }, None);
        Assert.Equal(3, site.Quotas.Show(Ann, "p1").Value.Volumes.Limit);
    }
}
