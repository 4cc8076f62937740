using Skerry.Domain.Replication;
using Skerry.TestKit.Domain;
using Skerry.TestKit.Time;

namespace Skerry.Domain.Tests.Replication;

/// <summary>What <c>valid_replication_devices</c> promises: volumes of the backend go nowhere else, whichever site is asked.</summary>
public sealed class ReplicationTargetsTests
{
    private static readonly CancellationToken None = CancellationToken.None;
    private readonly ManualTime _time = new();

    [Theory]
    [InlineData("south@ssd", null, null)]
    [InlineData("south@ssd,east@ssd", "ssd", null)]
    [InlineData("east@ssd", null, "target_site")]
    [InlineData("south@bulk", null, "target_site")]
    [InlineData("south@bulk", "ssd", "target_backend")]
    public async Task A_volume_is_replicated_only_to_where_its_backend_allows(string allowed, string? backend, string? refusedField)
    {
        await using var north = await DomainSite.StartAsync("north", _time, prepare: site => site.Targets = Only(allowed.Split(',')));
        await using var south = await DomainSite.StartAsync("south", _time);
        var volume = await north.Volumes.CreateAsync(DomainSite.Admin, new() { SizeGib = 1 }, None);
        await north.SettleAsync();
        await DomainSite.ExchangeAsync(north, south);

        foreach (var asked in (DomainSite[])[north, south])
        {
            var before = asked.Replica.Vector;
            var outcome = await new ReplicationService(asked.Context, new FreshStatuses()).CreateAsync(
                DomainSite.Admin, new(volume.Value.Id, "south", backend), None);

            Assert.Equal(refusedField, outcome.Refusal?.Field);
            Assert.Equal(refusedField is not null, outcome.Refusal?.Message.Contains(allowed, StringComparison.Ordinal) ?? false);
            Assert.Equal(refusedField is not null, before.Equals(asked.Replica.Vector));
        }
    }

    private static ReplicationTargets Only(string[] places) =>
        new(new Dictionary<string, IReadOnlyList<string>>(StringComparer.Ordinal) { ["ssd"] = places });
}
