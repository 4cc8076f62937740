using Skerry.Domain.Alerts;
using Skerry.Domain.Operations;
using Skerry.Domain.Sites;
using Skerry.State;
using Skerry.State.Merging;
using Skerry.State.Storage;
using Skerry.TestKit.Domain;
using Skerry.TestKit.Time;

namespace Skerry.Domain.Tests.Sites;

/// <summary>Sites whose disk is put back to an older copy, or runs twice, and sites that were away for long.</summary>
public sealed class IdentityTests
{
    private readonly ManualTime _time = new();

    [Fact]
    public async Task A_restored_site_gets_back_what_had_left_it_and_says_so_until_a_person_has_looked()
    {
        var disk = new MemoryStore();
        var (north, south) = (await StartAsync("north", disk), await StartAsync("south", new MemoryStore()));
        await WriteAsync(north, "before");
        await DomainSite.ExchangeAsync(north, south);
        var copy = await CopyAsync(disk);
        await WriteAsync(north, "left");
        await north.SendAsync(south);
        await WriteAsync(north, "lost");
        await north.DisposeAsync();

        await using var again = await StartAsync("north", copy, 3);
        var identity = new IdentityReconciler(again.Context);
        await DomainSite.ExchangeAsync(again, south);
        await identity.StepAsync(default);
        await DomainSite.ExchangeAsync(again, south);
        Assert.NotNull(again.Replica.Find(Note("left")));
        Assert.Null(again.Replica.Find(Note("lost")));
        foreach (var site in new[] { again, south })
        {
            var alert = Assert.Single(new IdentityAlerts(site.Context).Standing());
            Assert.Equal(("site.restored", again.Context.SelfText), (alert.Kind, alert.Site));
            var fact = SiteIdentity.Of(StateView.Of(site.Replica), again.Context.SelfText);
            Assert.Equal((SiteStanding.Restored, false), (fact.Standing, fact.IsAccepted));
        }

        var accepted = await new SiteService(south.Context, new NoLinks()).AcceptAsync(DomainSite.Admin, "north", default);
        Assert.False(accepted.IsRefused);
        await DomainSite.ExchangeAsync(again, south);
        Assert.Empty(new IdentityAlerts(again.Context).Standing());
        Assert.Empty((await identity.StepAsync(default)).Reports);
        await south.DisposeAsync();
    }

    [Fact]
    public async Task A_restored_site_runs_no_operation_that_an_earlier_life_may_have_run()
    {
        var disk = new MemoryStore();
        var (north, south) = (await StartAsync("north", disk), await StartAsync("south", new MemoryStore()));
        await DomainSite.ExchangeAsync(north, south);
        var old = await AskAsync(south, north);
        await DomainSite.ExchangeAsync(north, south);
        var copy = await CopyAsync(disk);
        await WriteAsync(north, "left");
        await north.SendAsync(south);
        await north.DisposeAsync();

        await using var again = await StartAsync("north", copy, 3);
        await DomainSite.ExchangeAsync(again, south);
        await new IdentityReconciler(again.Context).StepAsync(default);
        await DomainSite.ExchangeAsync(again, south);
        _time.Advance(TimeSpan.FromSeconds(1));
        var young = await AskAsync(south, again);
        await DomainSite.ExchangeAsync(again, south);
        await again.SettleAsync();
        var dropped = again.Operations.Show(DomainSite.Admin, old).Value;
        Assert.Equal(OperationStatus.Discarded, dropped.Status);
        Assert.Contains("older copy", dropped.Reason, StringComparison.Ordinal);
        Assert.NotEqual(OperationStatus.Discarded, again.Operations.Show(DomainSite.Admin, young).Value.Status);
        await south.DisposeAsync();
    }

    [Fact]
    public async Task Two_copies_that_run_at_once_are_told_apart_from_a_restored_one()
    {
        var disk = new MemoryStore();
        var (north, south) = (await StartAsync("north", disk), await StartAsync("south", new MemoryStore()));
        await DomainSite.ExchangeAsync(north, south);
        await using var copy = await StartAsync("north", await CopyAsync(disk), 7);
        var (first, second) = (new IdentityReconciler(north.Context), new IdentityReconciler(copy.Context));
        _time.Advance(TimeSpan.FromMinutes(2));
        await WriteAsync(copy, "there");
        await WriteAsync(north, "here");
        await DomainSite.ExchangeAsync(copy, south);
        await DomainSite.ExchangeAsync(north, south);
        await DomainSite.ExchangeAsync(copy, south);
        await first.StepAsync(default);
        await second.StepAsync(default);
        for (var i = 0; i < 2; i++)
        {
            await DomainSite.ExchangeAsync(north, south);
            await DomainSite.ExchangeAsync(copy, south);
        }

        // Both go on, nothing is made twice, and all three know.
        foreach (var site in new[] { north, copy, south })
        {
            Assert.NotNull(site.Replica.Find(Note("here")));
            Assert.NotNull(site.Replica.Find(Note("there")));
            Assert.Equal("site.copied", Assert.Single(new IdentityAlerts(site.Context).Standing()).Kind);
        }

        Assert.Equal(north.Replica.Digest(), copy.Replica.Digest());
        await north.DisposeAsync();
        await south.DisposeAsync();
    }

    [Fact]
    public async Task An_evicted_site_that_returns_keeps_its_writes_and_loses_what_it_had_asked_for()
    {
        var (north, south) = (await StartAsync("north", new MemoryStore()), await StartAsync("south", new MemoryStore()));
        await DomainSite.ExchangeAsync(north, south);
        var seen = await AskAsync(north, south);
        await DomainSite.ExchangeAsync(north, south);
        await WriteAsync(north, "unseen");
        var unseen = await AskAsync(north, south);
        var evicted = await new SiteService(south.Context, new NoLinks()).EvictAsync(DomainSite.Admin, "north", "gone", default);
        Assert.Contains("evicted by admin", evicted.Value.Reason, StringComparison.Ordinal);

        await DomainSite.ExchangeAsync(north, south);
        await new IdentityReconciler(north.Context).StepAsync(default);
        var after = await AskAsync(north, south);
        await DomainSite.ExchangeAsync(north, south);
        await south.SettleAsync();
        Assert.NotNull(south.Replica.Find(Note("unseen")));
        Assert.Equal(OperationStatus.Discarded, south.Operations.Show(DomainSite.Admin, unseen).Value.Status);
        Assert.Contains("evicted", south.Operations.Show(DomainSite.Admin, unseen).Value.Reason, StringComparison.Ordinal);
        Assert.NotEqual(OperationStatus.Discarded, south.Operations.Show(DomainSite.Admin, seen).Value.Status);
        Assert.NotEqual(OperationStatus.Discarded, south.Operations.Show(DomainSite.Admin, after).Value.Status);
        await north.DisposeAsync();
        await south.DisposeAsync();
    }

    [Fact]
    public async Task A_start_is_retired_when_every_member_has_it_whole_and_an_evicted_one_is_not_waited_for()
    {
        var disk = new MemoryStore();
        var north = await StartAsync("north", disk);
        var (south, east) = (await StartAsync("south", new MemoryStore()), await StartAsync("east", new MemoryStore()));
        await DomainSite.ExchangeAsync(north, south);
        await DomainSite.ExchangeAsync(north, east);
        await DomainSite.ExchangeAsync(north, south);
        await north.DisposeAsync();
        north = await StartAsync("north", disk, 2);
        await TurnAsync(north, south);
        Assert.Equal(2, Starts(south, north));

        await new SiteService(south.Context, new NoLinks()).EvictAsync(DomainSite.Admin, "east", null, default);
        await TurnAsync(north, south);
        await TurnAsync(north, south);
        Assert.Equal(1, Starts(south, north));
        Assert.Equal(1, Starts(north, north));

        // It returns, takes what it missed, and loses nothing of its own.
        await WriteAsync(east, "away");
        await DomainSite.ExchangeAsync(east, south);
        await DomainSite.ExchangeAsync(south, north);
        Assert.Equal(1, Starts(east, north));
        Assert.NotNull(north.Replica.Find(Note("away")));
        Assert.Equal(east.Replica.Digest(), south.Replica.Digest());
        foreach (var site in new[] { north, south, east }) await site.DisposeAsync();
    }

    private static int Starts(DomainSite at, DomainSite of) => at.Replica.Vector.Count(dot => dot.Site == of.Context.Self);

    private static EntityKey Note(string id) => new("note", id);

    private static Task WriteAsync(DomainSite site, string id) => site.Replica.CommitAsync(
        t => t.Set(Note(id), "text", FieldValue.FromString(id)), new CommitOptions("ada"), default).AsTask();

    private static async Task<string> AskAsync(DomainSite by, DomainSite target)
    {
        var id = "";
        await by.Context.DecideAsync(
            DomainSite.Admin,
            t => id = by.Operations.Enqueue(t, new OperationRequest("volume.check", Note("x"), target.Context.SelfText, FieldValue.Null), DomainSite.Admin),
            default);
        return id;
    }

    private async Task TurnAsync(DomainSite a, DomainSite b)
    {
        foreach (var site in new[] { a, b })
        {
            await new RetirementReconciler(site.Context, sharesStore: false).StepAsync(default);
            await DomainSite.ExchangeAsync(a, b);
        }

        _time.Advance(TimeSpan.FromMinutes(20));
    }

    private Task<DomainSite> StartAsync(string name, MemoryStore store, int startsBefore = 0) =>
        DomainSite.StartAsync(name, _time, () => store, startsBefore: startsBefore);

    private static async Task<MemoryStore> CopyAsync(MemoryStore from)
    {
        var to = new MemoryStore();
        var checkpoint = new List<ReadOnlyMemory<byte>>();
        await foreach (var part in from.ReadCheckpointAsync(default)) checkpoint.Add(part);
        await to.ReplaceAsync(0, 1, checkpoint, 0, default);
        var last = 1UL;
        await foreach (var entry in from.ReadAsync(0, default)) await to.AppendAsync(last, last = entry.Id, entry.Payload, default);
        return to;
    }

    private sealed class NoLinks : ILinkStatus
    {
        public IReadOnlyList<LinkReport> Reports => [];
    }
}
