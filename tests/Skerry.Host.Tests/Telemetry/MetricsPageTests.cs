using Skerry.Domain;
using Skerry.Domain.Events;
using Skerry.Domain.Replication;
using Skerry.Host.Telemetry;
using Skerry.State;
using Skerry.State.Clocks;
using Skerry.State.Merging;
using Skerry.State.Storage;

namespace Skerry.Host.Tests.Telemetry;

public sealed class MetricsPageTests
{
    [Fact]
    public async Task The_page_counts_operations_of_this_site_and_repeats_no_series()
    {
        var cancellationToken = TestContext.Current.CancellationToken;
        var self = SiteId.Create(new Random(1));
        await using var replica = await Replica.OpenAsync(
            new State.ReplicaOptions { Site = self, Schema = DomainSchema.Schema }, new MemoryStore(), TimeProvider.System, new Random(1), cancellationToken);
        using var page = new PrometheusPage();
        using var metrics = new DomainMetrics(new SiteContext(replica, self, "north", "north", TimeProvider.System, new RandomIds()), new FreshStatuses(), new EventJournal(null));
        foreach (var (id, target) in new[] { ("one", self.ToString()), ("two", self.ToString()), ("three", "elsewhere") })
        {
            await replica.CommitAsync(
                t =>
                {
                    t.Set(new EntityKey("operation", id), "target_site", FieldValue.FromString(target));
                    t.Set(new EntityKey("operation", id), "status", FieldValue.FromString("queued"));
                },
                new CommitOptions("test"), cancellationToken);
        }

        var lines = page.Render().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Contains("skerry_operations{status=\"queued\"} 2", lines);
        Assert.Contains("skerry_operations{status=\"failed\"} 0", lines);
        Assert.Contains("skerry_conflicts 0", lines);
        Assert.Contains("# TYPE skerry_operations gauge", lines);
        var series = lines.Where(l => l[0] != '#').Select(l => l[..l.LastIndexOf(' ')]).ToList();
        Assert.Equal(series.Distinct(), series);
    }
}
