using Skerry.Domain.Alerts;
using Skerry.Domain.Sites;
using Skerry.State.Merging;

namespace Skerry.Domain.Tests.Sites;

public sealed class ClockTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(10);

    [Fact]
    public async Task A_site_that_its_peers_convict_corrects_its_stamps_and_a_restart_goes_on_with_it()
    {
        var town = new Town();
        var (north, south, east) = (await town.BuildAsync("north"), await town.BuildAsync("south"), await town.BuildAsync("east"));
        Measures(north, south, TimeSpan.FromSeconds(-5));
        Measures(north, east, TimeSpan.FromSeconds(-5));
        var clock = new ClockReconciler(north.Context, north, Limit);
        for (var second = 0; second < 60; second++)
        {
            town.Time.Advance(TimeSpan.FromSeconds(1));
            await clock.StepAsync(default);
        }

        Assert.Equal(TimeSpan.FromSeconds(-5), north.Replica.Clock.Correction);
        north.Replica.Clock.Correct(TimeSpan.Zero, isOff: false);
        ClockReconciler.RestoreCorrection(north.Replica);
        Assert.Equal(TimeSpan.FromSeconds(-5), north.Replica.Clock.Correction);
        var dot = (await north.Replica.CommitAsync(t => t.Set(new EntityKey("note", "1"), "text", FieldValue.FromString("x")), new State.CommitOptions("ada"), default))!.Value;
        Assert.False(north.Replica.Find(new EntityKey("note", "1"))!.Standing("text")[0].IsUnsure);
        Assert.Equal(dot, north.Replica.Find(new EntityKey("note", "1"))!.Standing("text")[0].Dot);
    }

    [Fact]
    public async Task Beyond_the_limit_its_writes_lose_to_every_other_at_every_site_alike()
    {
        var town = new Town();
        var (north, south, east) = (await town.BuildAsync("north"), await town.BuildAsync("south"), await town.BuildAsync("east"));
        Measures(north, south, TimeSpan.FromMinutes(-20));
        Measures(north, east, TimeSpan.FromMinutes(-20));
        town.Time.Advance(TimeSpan.FromSeconds(1));
        var told = await new ClockReconciler(north.Context, north, Limit).StepAsync(default);
        Assert.True(Assert.Single(told.Reports).IsProblem);
        await Town.ExchangeAsync(north, south);
        var alert = Assert.Single(new ClockAlerts(south.Context, TimeSpan.FromSeconds(1)).Standing());
        Assert.Equal((AlertSeverity.Critical, north.Id), (alert.Severity, alert.Site));
        Assert.Contains("north is 1200.000 s ahead", alert.Text, StringComparison.Ordinal);

        var key = new EntityKey("note", "1");
        await south.Replica.CommitAsync(t => t.Set(key, "text", FieldValue.FromString("sure")), new State.CommitOptions("ada"), default);
        town.Time.Advance(TimeSpan.FromSeconds(1));
        await north.Replica.CommitAsync(t => t.Set(key, "text", FieldValue.FromString("unsure")), new State.CommitOptions("bob"), default);
        await Town.ExchangeAsync(north, south);
        foreach (var site in new[] { north, south })
        {
            var standing = site.Replica.Find(key)!.Standing("text");
            Assert.Equal(["sure", "unsure"], standing.Select(value => value.Value.AsString()));
            Assert.Equal([false, true], standing.Select(value => value.IsUnsure));
        }

        Assert.Equal(north.Replica.Digest(), south.Replica.Digest());
        await east.Replica.JoinAsync(State.Log.StateSnapshot.Decode(north.Replica.TakeSnapshot().Encode()), default);
        Assert.Equal("sure", east.Replica.Find(key)!.GetString("text"));
    }

    private static void Measures(Town.Member at, Town.Member of, TimeSpan ahead) => at.Reported.Add(
        new LinkReport(of.Replica.Site, LinkHealth.Live, DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch, 1, ahead.TotalMilliseconds, null));
}
