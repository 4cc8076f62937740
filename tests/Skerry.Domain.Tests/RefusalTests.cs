using Skerry.Domain.Volumes;
using Skerry.State.Merging;
using Skerry.TestKit.Domain;
using Skerry.TestKit.Time;

namespace Skerry.Domain.Tests;

public sealed class RefusalTests
{
    private static readonly CancellationToken None = CancellationToken.None;
    private readonly ManualTime _time = new();

    [Fact]
    public async Task A_refused_change_of_a_volume_changes_nothing_of_it()
    {
        await using var site = await DomainSite.StartAsync("north", _time);
        var id = (await site.Volumes.CreateAsync(DomainSite.Admin, new() { SizeGib = 1, Name = "before", Metadata = Items("a", 100) }, None)).Value.Id;
        await site.SettleAsync();
        var before = site.Replica.Vector;

        var refused = await site.Volumes.UpdateAsync(
            DomainSite.Admin, id, new UpdateVolumeRequest { Name = "after", IsBootable = true, SetMetadata = Items("b", 100) }, None);

        Assert.Equal("metadata", refused.Refusal?.Field);
        Assert.Equal(before, site.Replica.Vector);
        Assert.Equal("before", site.Volumes.Show(DomainSite.Admin, id).Value.Name);
    }

    [Fact]
    public async Task A_decision_that_wrote_and_then_refuses_has_written_nothing()
    {
        await using var site = await DomainSite.StartAsync("north", _time);
        var before = site.Replica.Vector;
        await site.Context.DecideAsync<Outcome<Unit>>(
            DomainSite.Admin,
            transaction =>
            {
                transaction.Set(new EntityKey("thing", "1"), "name", FieldValue.FromString("written"));
                return Refusal.State("No.");
            },
            None);
        await site.Context.DecideAsync<Refusal?>(
            DomainSite.Admin,
            transaction =>
            {
                transaction.Set(new EntityKey("thing", "2"), "name", FieldValue.FromString("written"));
                return Refusal.State("No.");
            },
            None);
        Assert.Equal(before, site.Replica.Vector);
        Assert.Empty(site.Replica.List("thing"));
    }

    private static Dictionary<string, string> Items(string prefix, int count) =>
        Enumerable.Range(0, count).ToDictionary(i => $"{prefix}{i}", _ => "v", StringComparer.Ordinal);
}
