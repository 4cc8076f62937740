using Skerry.Domain.Recovery;
using Skerry.Domain.Sites;
using Skerry.Domain.Tests.Sites;

namespace Skerry.Domain.Tests.Recovery;

public sealed class ReachTests
{
    [Fact]
    public async Task A_site_is_alive_through_another_as_long_as_that_one_hears_it()
    {
        var town = new Town();
        var (hub, north, south) = (await town.BuildAsync("hub"), await town.BuildAsync("north"), await town.BuildAsync("south"));
        Assert.Null((await north.JoinAsync(await hub.InviteAsync())).Refusal);
        await Town.ExchangeAsync(hub, north);
        Assert.Null((await south.JoinAsync(await hub.InviteAsync())).Refusal);
        await Town.ExchangeAsync(hub, south);
        hub.Hears(north, LinkHealth.Live);
        hub.Hears(south, LinkHealth.Live);
        south.Hears(hub, LinkHealth.Live);
        await hub.ObserveAsync();
        await Town.ExchangeAsync(hub, south);
        var northId = north.Context.SelfText;
        Assert.True(Of(south).IsConnected(northId));
        Assert.Equal(hub.Context.SelfText, Of(south).Via(northId));
        Assert.Null(Of(south).Via(hub.Context.SelfText));
        Assert.True(Of(south).IsConnected(south.Context.SelfText));

        town.Time.Advance(TimeSpan.FromSeconds(30));
        hub.Hears(north, LinkHealth.Silent, town.Time.GetUtcNow());
        south.Hears(hub, LinkHealth.Live);
        await hub.ObserveAsync();
        await Town.ExchangeAsync(hub, south);
        Assert.False(Of(south).IsConnected(northId));

        // A link of its own that broke a moment ago claims nothing.
        south.Hears(hub, LinkHealth.Interrupted);
        Assert.False(Of(south).IsConnected(hub.Context.SelfText));
    }

    private static Reach Of(Town.Member member) => new(member.Context, StateView.Of(member.Context.Replica), member);
}
