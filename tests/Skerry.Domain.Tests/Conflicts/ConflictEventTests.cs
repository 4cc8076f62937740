using Skerry.Domain.Conflicts;
using Skerry.Domain.Events;
using Skerry.TestKit.Domain;
using Skerry.TestKit.Files;
using Skerry.TestKit.Time;

namespace Skerry.Domain.Tests.Conflicts;

public sealed class ConflictEventTests
{
    private static readonly CancellationToken None = CancellationToken.None;
    private static readonly Actor Ann = DomainSite.Member("ann", "p1");
    private readonly ManualTime _time = new();

    [Fact]
    public async Task Each_conflict_is_told_once_over_restarts_and_anew_when_it_arises_anew()
    {
        using var directory = new TemporaryDirectory();
        await using var north = await DomainSite.StartAsync("north", _time);
        await using var south = await DomainSite.StartAsync("south", _time);
        var id = (await north.Volumes.CreateAsync(Ann, new() { Name = "disk", SizeGib = 1 }, None)).Value.Id;
        await north.SettleAsync();
        await DomainSite.ExchangeAsync(north, south);
        var path = Path.Combine(directory.Path, "events");
        var journal = new EventJournal(path);
        journal.Begin("journal", []);
        var reconciler = new ConflictReconciler(north.Context, north.Conflicts, journal);
        await reconciler.StepAsync(None);
        Assert.Empty(Told());

        await RenameApartAsync("n", "s");
        await reconciler.StepAsync(None);
        var arisen = Assert.Single(Told());
        Assert.Equal((EventKinds.ConflictArisen, $"volume/{id}/name"), (arisen.Kind, arisen.ConflictId));
        Assert.Contains("ann at site north", arisen.Message, StringComparison.Ordinal);
        Assert.Contains("ann at site south", arisen.Message, StringComparison.Ordinal);

        journal = new EventJournal(path);
        reconciler = new ConflictReconciler(north.Context, north.Conflicts, journal);
        await reconciler.StepAsync(None);
        Assert.Single(Told());

        await north.Conflicts.PickAsync(Ann, $"volume/{id}/name", 0, None);
        await DomainSite.ExchangeAsync(north, south);
        await reconciler.StepAsync(None);
        await RenameApartAsync("n2", "s2");
        await reconciler.StepAsync(None);
        Assert.Equal([EventKinds.ConflictArisen, EventKinds.ConflictSettled, EventKinds.ConflictArisen], Told().Select(e => e.Kind));
        Assert.Equal(3, Told().Select(e => e.Id).Distinct().Count());

        IReadOnlyList<SiteEvent> Told() => journal.List();

        async Task RenameApartAsync(string atNorth, string atSouth)
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            await north.Volumes.UpdateAsync(Ann, id, new() { Name = atNorth }, None);
            await south.Volumes.UpdateAsync(Ann, id, new() { Name = atSouth }, None);
            await DomainSite.ExchangeAsync(north, south);
        }
    }
}
