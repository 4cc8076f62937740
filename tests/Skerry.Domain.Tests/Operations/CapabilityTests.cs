using Skerry.Domain.Operations;
using Skerry.State.Merging;
using Skerry.TestKit.Domain;
using Skerry.TestKit.Time;

namespace Skerry.Domain.Tests.Operations;

/// <summary>Versions N, N-1 and N-2 together: what an older target does not understand waits for its upgrade.</summary>
public sealed class CapabilityTests
{
    private static readonly CancellationToken None = CancellationToken.None;
    private readonly ManualTime _time = new();
    private readonly RecordingHandler _handler = new("test.new");

    [Fact]
    public async Task A_request_that_its_target_does_not_understand_waits_for_its_upgrade_and_says_so_at_every_site()
    {
        await using var north = await DomainSite.StartAsync("north", _time);
        await using var south = await DomainSite.StartAsync("south", _time, prepare: site => site.MoreHandlers.Add(_handler));
        await DomainSite.ExchangeAsync(north, south);
        await SayAsync(south, "1.9", "operations-1");
        await DomainSite.ExchangeAsync(north, south);

        var id = await EnqueueAsync(north, south, "operations-1", "of-version-2");
        var known = await EnqueueAsync(north, south, "operations-1");
        await DomainSite.ExchangeAsync(north, south);
        await south.SettleAsync();
        Assert.Equal([known], _handler.Runs);

        // A daemon of yesterday looks for its own operations by their target, and finds nothing here.
        Assert.False(south.Replica.Find(new EntityKey(EntityKinds.Operation, id))!.TryGet("target_site", out _));
        foreach (var site in (DomainSite[])[north, south])
        {
            var held = site.Operations.Show(DomainSite.Admin, id).Value;
            Assert.Equal((OperationStatus.Queued, south.Context.SelfText), (held.Status, held.TargetSite));
            Assert.Contains("version 1.9, which does not understand of-version-2", held.Reason, StringComparison.Ordinal);
            Assert.Contains(site.Operations.List(DomainSite.Admin, new OperationFilter { TargetSite = south.Context.SelfText }), o => o.Id == id && o.Reason == held.Reason);
        }

        await SayAsync(south, "2.0", "operations-1", "of-version-2");
        await south.SettleAsync();
        Assert.Equal([known, id], _handler.Runs);
        Assert.Equal(OperationStatus.Succeeded, south.Operations.Show(DomainSite.Admin, id).Value.Status);
    }

    [Fact]
    public async Task A_site_that_says_nothing_of_itself_understands_what_the_first_release_has()
    {
        await using var north = await DomainSite.StartAsync("north", _time);
        await using var old = await DomainSite.StartAsync("old", _time, prepare: site => site.MoreHandlers.Add(_handler));
        await DomainSite.ExchangeAsync(north, old);
        var first = await EnqueueAsync(north, old, Capabilities.First);
        var held = await EnqueueAsync(north, old, "of-version-2");
        await DomainSite.ExchangeAsync(north, old);
        await old.SettleAsync();
        Assert.Equal([first], _handler.Runs);

        // It can be given up as any that waits.
        Assert.False((await old.Operations.CancelAsync(DomainSite.Admin, held, None)).IsRefused);
        await old.SettleAsync();
        Assert.Equal(OperationStatus.Cancelled, old.Operations.Show(DomainSite.Admin, held).Value.Status);
    }

    private static async Task SayAsync(DomainSite site, string version, params string[] words) =>
        await site.Replica.CommitAsync(
            transaction =>
            {
                var key = new EntityKey(EntityKinds.Site, site.Context.SelfText);
                transaction.Set(key, "version", FieldValue.FromString(version), DomainSchema.OwnerRank);
                transaction.Set(key, "capabilities", Capabilities.Written(words), DomainSchema.OwnerRank);
            },
            new("test"), None);

    private static async Task<string> EnqueueAsync(DomainSite at, DomainSite target, params string[] needs) =>
        await at.Context.DecideAsync(
            DomainSite.Admin,
            transaction => at.Operations.Enqueue(
                transaction,
                new OperationRequest("test.new", new EntityKey(EntityKinds.Volume, $"v{needs.Length}{needs[^1]}"), target.Context.SelfText, FieldValue.Null) { Needs = needs },
                DomainSite.Admin),
            None);
}
