using Skerry.Domain.Events;
using Skerry.Domain.Replication;
using Skerry.Domain.Volumes;
using Skerry.State;
using Skerry.State.Clocks;
using Skerry.State.Merging;
using Skerry.State.Storage;
using Skerry.TestKit.Time;

namespace Skerry.Domain.Tests.Events;

/// <summary>A replica that falls behind is told of once, by each end by what that end knows, and again when it is no more.</summary>
public sealed class LagEventTests : IAsyncDisposable
{
    private static readonly CommitOptions Author = new("test");
    private readonly ManualTime _time = new(new DateTimeOffset(2030, 1, 1, 0, 0, 0, TimeSpan.Zero));
    private readonly FreshStatuses _fresh = new();
    private readonly EventJournal _journal = new(null);
    private Replica _replica = null!;
    private SiteContext _site = null!;
    private EventReconciler _reconciler = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync() => await _replica.DisposeAsync();

    [Fact]
    public async Task An_instant_replica_is_behind_after_the_time_that_was_set_and_in_time_again_at_half_of_it()
    {
        await StartAsync(ReplicationModes.Instant, isSource: true);
        foreach (var (seconds, told) in (IEnumerable<(double, string?)>)
        [
            (0, null), (59, null), (61, EventKinds.Behind), (600, null), (59, null), (31, null), (29, EventKinds.CaughtUp), (59, null), (61, EventKinds.Behind),
        ])
        {
            Assert.Equal((seconds, told), (seconds, (await HearAsync(seconds))?.Kind));
        }
    }

    [Fact]
    public async Task What_is_told_says_which_end_and_how_much()
    {
        await StartAsync(ReplicationModes.Instant, isSource: true);
        await HearAsync(0);
        var told = (await HearAsync(90, bytes: 4096))!;
        Assert.Equal(("source", 90, 4096, "r", "v", "data"), (told.Side, told.LagSeconds, told.LagBytes, told.ReplicationId, told.VolumeId, told.VolumeName));
        Assert.Contains("the oldest write that its replica lacks is 90 s old", told.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_periodic_replica_may_be_two_runs_old_and_the_time_that_was_set()
    {
        await StartAsync(ReplicationModes.Periodic, isSource: true, intervalSeconds: 3600);
        await HearAsync(0);
        Assert.Null(await HearAsync(3600 + 120));
        Assert.Equal(EventKinds.Behind, (await HearAsync(2 * 3600 + 120))?.Kind);
        Assert.Equal(EventKinds.CaughtUp, (await HearAsync(0))?.Kind);
    }

    [Fact]
    public async Task A_replica_that_was_copied_once_is_never_behind()
    {
        await StartAsync(ReplicationModes.OneTime, isSource: true);
        await HearAsync(0);
        Assert.Null(await HearAsync(1_000_000));
    }

    [Fact]
    public async Task The_site_of_the_replica_tells_of_its_age_when_the_primary_is_not_heard()
    {
        await StartAsync(ReplicationModes.Instant, isSource: false);
        await StepAsync();
        await TakenAsync(_time.GetUtcNow());
        Assert.Null(await StepAsync());
        _time.Advance(TimeSpan.FromSeconds(70));
        var told = await StepAsync();
        Assert.Equal((EventKinds.Behind, "target", 80.0), (told?.Kind, told?.Side, told?.LagSeconds));
        await TakenAsync(_time.GetUtcNow());
        Assert.Equal(EventKinds.CaughtUp, (await StepAsync())?.Kind);
    }

    [Fact]
    public async Task The_age_is_told_by_the_clock_of_the_site_that_holds_the_replica()
    {
        await StartAsync(ReplicationModes.Instant, isSource: false);
        await StepAsync();
        await TakenAsync(_time.GetUtcNow(), primaryClockAhead: TimeSpan.FromHours(-3));
        Assert.Null(await StepAsync());
    }

    [Fact]
    public async Task What_a_paused_replica_lacks_grows_older_though_nobody_measures_it()
    {
        await StartAsync(ReplicationModes.Instant, isSource: true);
        await HearAsync(0);
        await _replica.CommitAsync(
            t =>
            {
                t.Set(Relation.Key("r"), Relation.PausedField, FieldValue.From(true));
                t.Set(Relation.Key("r"), Relation.SourceStatusField, Source(5, 1), DomainSchema.OwnerRank);
            },
            Author, Cancellation);
        Assert.Null(await StepAsync());
        _time.Advance(TimeSpan.FromHours(5));
        var told = await StepAsync();
        Assert.Equal(EventKinds.Behind, told?.Kind);
        Assert.EndsWith("is 5 h old; it is paused.", told!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_was_behind_before_the_journal_began_is_told_when_it_is_no_more()
    {
        await StartAsync(ReplicationModes.Instant, isSource: true);
        Assert.Null(await HearAsync(300));
        Assert.Null(await HearAsync(300));
        Assert.Equal(EventKinds.CaughtUp, (await HearAsync(1))?.Kind);
    }

    [Fact]
    public async Task Transfers_are_listed_where_they_belong_in_time_with_their_result_and_bytes()
    {
        await StartAsync(ReplicationModes.Instant, isSource: true);
        await HearAsync(0);
        await HearAsync(100);
        var history = new TransferHistory(null);
        var now = _time.GetUtcNow();
        history.Add("r", new TransferEntry("source", "first-copy", "done", null, now.AddHours(-2), now.AddHours(-1), 10, 7, 0, 0));
        history.Add("r", new TransferEntry("target", "catch-up", "done", null, now, now, 10, 7, 0, 0));
        history.Add("r", new TransferEntry("source", "catch-up", "failed", "The link broke.", now.AddSeconds(1), now.AddSeconds(3), 9, 5, 0, 0));
        var service = new EventService(_site, _journal, history);
        var listed = service.List(Actor.System("test"), new EventFilter()).Value;
        Assert.Equal(
            [(EventKinds.Transfer, "done", 7, 3600), (EventKinds.Behind, null, null, null), (EventKinds.Transfer, "failed", 5, 2)],
            listed.Select(e => (e.Kind, e.Status, e.MovedBytes, e.DurationSeconds)));
        Assert.Equal(["The link broke."], listed.Select(e => e.Reason).OfType<string>());
        Assert.Equal(3, listed.Select(e => e.Id).Distinct().Count());
        Assert.Equal(2, service.List(Actor.System("test"), new EventFilter { Kind = EventKinds.Transfer, VolumeId = "v" }).Value.Count);
        Assert.Single(service.List(Actor.System("test"), new EventFilter { Kind = EventKinds.Transfer, Since = now }).Value);
        Assert.Empty(service.List(Actor.System("test"), new EventFilter { Kind = EventKinds.Transfer, VolumeId = "w" }).Value);
    }

    private async Task StartAsync(string mode, bool isSource, long? intervalSeconds = null)
    {
        var id = new SiteId(1);
        _replica = await Replica.OpenAsync(
            new State.ReplicaOptions { Site = id, Schema = DomainSchema.Schema }, new MemoryStore(), _time, new Random(1), Cancellation);
        _site = new SiteContext(_replica, id, "north", "region", _time, new RandomIds());
        _reconciler = new EventReconciler(_site, _journal, _fresh, new EventOptions());
        var (here, there) = (_site.SelfText, new SiteId(2).ToString());
        await _replica.CommitAsync(
            t =>
            {
                Generations.Write(t, new Generation("v", 1, "g1", isSource ? here : there, 0, null, true));
                t.Set(VolumeEntity.Key("v"), "name", FieldValue.FromString("data"));
                var key = Relation.Key("r");
                t.Set(key, Relation.VolumeIdField, FieldValue.FromString("v"));
                t.Set(key, Relation.HomeSiteField, FieldValue.FromString(isSource ? here : there));
                t.Set(key, Relation.TargetSiteField, FieldValue.FromString(isSource ? there : here));
                t.Set(key, Relation.ModeField, FieldValue.FromString(mode));
                t.Set(key, Relation.CreatedField, _time.GetUtcNow().AddYears(-1));
                if (intervalSeconds is { } seconds)
                {
                    t.Set(key, Relation.IntervalField, FieldValue.From(seconds));
                }
            },
            Author, Cancellation);
    }

    private FieldValue Source(double seconds, long bytes) => FieldValue.Serialize(
        new SourceStatus(
            ReplicationWords.Secondary, null, null, _time.GetUtcNow(), _time.GetUtcNow(), 1, bytes, seconds, 0, null, null, null, null, null)
        {
            Peer = new SiteId(2).ToString(),
        },
        ReplicationJson.Default.SourceStatus);

    /// <summary>The source found this lag; the event that it made.</summary>
    private async Task<SiteEvent?> HearAsync(double seconds, long bytes = 1)
    {
        await _replica.CommitAsync(
            t => t.Set(Relation.Key("r"), Relation.SourceStatusField, Source(seconds, bytes), DomainSchema.OwnerRank), Author, Cancellation);
        return await StepAsync();
    }

    private async Task TakenAsync(DateTimeOffset at, TimeSpan primaryClockAhead = default)
    {
        var status = new TargetStatus(
            ReplicationWords.Secondary, null, null, at, at, new RecoveryPoint(1, 1, at + primaryClockAhead) { TakenAtHere = at }, null, at, null, null, 1)
        {
            Site = _site.SelfText,
        };
        await _replica.CommitAsync(
            t => t.Set(Relation.Key("r"), Relation.TargetStatusField, FieldValue.Serialize(status, ReplicationJson.Default.TargetStatus), DomainSchema.OwnerRank),
            Author, Cancellation);
    }

    /// <summary>All are looked at once in five seconds.</summary>
    private async Task<SiteEvent?> StepAsync()
    {
        var before = _journal.Next;
        _time.Advance(TimeSpan.FromSeconds(5));
        await _reconciler.StepAsync(Cancellation);
        return _journal.List(before).SingleOrDefault();
    }
}
