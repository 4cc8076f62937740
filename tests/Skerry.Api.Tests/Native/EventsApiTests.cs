using Skerry.Domain.Events;
using Skerry.Domain.Replication;
using Skerry.Domain.Volumes;
using Skerry.State;

namespace Skerry.Api.Tests.Native;

public sealed class EventsApiTests
{
    private static readonly CancellationToken None = CancellationToken.None;

    [Fact]
    public async Task What_happened_is_listed_in_pages_oldest_first_and_by_kind_volume_and_time()
    {
        await using var site = await NativeSite.StartAsync();
        var reconciler = new EventReconciler(site.Api.Site.Context, site.Api.Service<EventJournal>(), site.Api.Service<FreshStatuses>(), new EventOptions());
        await reconciler.StepAsync(None);
        Assert.Empty(await site.Client.Events.ListAsync(null, null, null, None));
        for (var i = 1; i <= 5; i++)
        {
            await HappenAsync($"volume-{i}", isPromoted: i != 3);
        }

        var all = await site.Client.Events.ListAsync(null, null, null, None);
        Assert.Equal([1, 2, 3, 4, 5], all.Select(e => e.Sequence));
        Assert.Equal(("north", "volume.promoted", "volume-1", "forced", "north"), (all[0].Site, all[0].Kind, all[0].VolumeId, all[0].Cause, all[0].ToSite));
        Assert.Equal([3], (await site.Client.Events.ListAsync("volume.demoted", null, null, None)).Select(e => e.Sequence));
        Assert.Equal([4], (await site.Client.Events.ListAsync(null, "volume-4", null, None)).Select(e => e.Sequence));
        Assert.Equal([4, 5], (await site.Client.Events.ListAsync(null, null, all[3].At, None)).Where(e => e.Sequence > 3).Select(e => e.Sequence));
        Assert.Empty(await site.Client.Events.ListAsync(null, null, DateTimeOffset.UtcNow.AddHours(1), None));

        var token = await site.Api.TokenAsync();
        var page = await site.Api.JsonAsync("GET", $"/skerry/v1/events/journal?limit=2&marker={all[1].Id}", token, 200);
        Assert.Equal([3, 4], page["events"]!.AsArray().Select(e => (int)e!["sequence"]!));
        Assert.Contains($"marker={all[3].Id}", (string)page["links"]![0]!["href"]!, StringComparison.Ordinal);

        async Task HappenAsync(string volume, bool isPromoted)
        {
            var (from, to) = isPromoted ? ("elsewhere", site.Api.Site.Context.SelfText) : (site.Api.Site.Context.SelfText, "elsewhere");
            await site.Api.Site.Replica.CommitAsync(
                t =>
                {
                    Generations.Write(t, new Generation(volume, 1, $"{volume}-1", from, 0, null, true));
                    Generations.Write(t, new Generation(volume, 2, $"{volume}-2", to, 7, $"{volume}-1", false));
                },
                new CommitOptions("test"), None);
            await reconciler.StepAsync(None);
        }
    }
}
