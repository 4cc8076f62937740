using Skerry.Domain.Events;
using Skerry.Domain.Groups;
using Skerry.Domain.Operations;
using Skerry.Domain.Recovery;
using Skerry.Domain.Replication;
using Skerry.Domain.Volumes;
using Skerry.State;
using Skerry.State.Clocks;
using Skerry.State.Merging;
using Skerry.State.Storage;

namespace Skerry.Domain.Tests.Events;

/// <summary>What a site notes of the state that it and others wrote.</summary>
public sealed class EventReconcilerTests : IAsyncDisposable
{
    private static readonly CommitOptions Author = new("test");
    private readonly string _path = Path.Combine(Directory.CreateTempSubdirectory("skerry-events-").FullName, "events.jsonl");
    private readonly List<Replica> _replicas = [];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        foreach (var replica in _replicas)
        {
            await replica.DisposeAsync();
        }

        Directory.Delete(Path.GetDirectoryName(_path)!, recursive: true);
    }

    [Theory]
    [InlineData(true, false, null, RoleCauses.Planned)]
    [InlineData(true, true, null, RoleCauses.Failback)]
    [InlineData(false, false, null, RoleCauses.Forced)]
    [InlineData(false, true, null, RoleCauses.Forced)]
    [InlineData(false, false, RoleCauses.Automatic, RoleCauses.Automatic)]
    [InlineData(false, false, RoleCauses.Restored, RoleCauses.Restored)]
    public async Task A_role_change_is_told_where_the_role_changed_with_its_cause(bool isPlanned, bool isHome, string? written, string cause)
    {
        var (north, south, west) = (await SiteAsync(1), await SiteAsync(2), await SiteAsync(3));
        foreach (var node in (Node[])[north, south, west])
        {
            await StepAsync(node);
        }

        await WriteAsync(north, new Generation("v", 1, "g1", north.Name, 0, null, true));
        var key = Relation.Key("r");
        await north.Replica.CommitAsync(
            t =>
            {
                t.Set(VolumeEntity.Key("v"), "name", FieldValue.FromString("data"));
                t.Set(key, Relation.VolumeIdField, FieldValue.FromString("v"));
                t.Set(key, Relation.HomeSiteField, FieldValue.FromString(isHome ? south.Name : north.Name));
                t.Set(key, Relation.TargetSiteField, FieldValue.FromString(isHome ? north.Name : south.Name));
            },
            Author, Cancellation);
        await SyncAsync(north, south);
        await WriteAsync(isPlanned ? north : south, new Generation("v", 2, "g2", south.Name, 17, "g1", isPlanned) { Cause = written });
        await SyncAsync(north, south);
        await SyncAsync(south, north);
        await SyncAsync(south, west);
        foreach (var node in (Node[])[north, south, west])
        {
            await StepAsync(node);
            await StepAsync(node);
        }

        var promoted = Assert.Single(south.Journal.List());
        Assert.Equal(
            (EventKinds.Promoted, cause, "data", 2L, north.Name, "site-2", 17L),
            (promoted.Kind, promoted.Cause, promoted.VolumeName, promoted.Generation, promoted.FromSite, promoted.ToSite, promoted.ForkNumber));
        var demoted = Assert.Single(north.Journal.List());
        Assert.Equal((EventKinds.Demoted, cause, 2L, "site-1", south.Name), (demoted.Kind, demoted.Cause, demoted.Generation, demoted.FromSite, demoted.ToSite));
        Assert.NotEqual(promoted.Id, demoted.Id);
        Assert.Empty(west.Journal.List());
    }

    [Fact]
    public async Task A_demotion_to_nobody_and_the_promotion_after_it_are_told()
    {
        var north = await SiteAsync(1);
        await StepAsync(north);
        await WriteAsync(north, new Generation("v", 1, "g1", north.Name, 0, null, true));
        await WriteAsync(north, new Generation("v", 2, "g2", Generation.Demoted, 5, "g1", true));
        await WriteAsync(north, new Generation("v", 3, "g3", north.Name, 5, "g2", true));
        await StepAsync(north);
        Assert.Equal([(EventKinds.Demoted, null), (EventKinds.Promoted, "site-1")], north.Journal.List().Select(e => (e.Kind, e.ToSite)));
    }

    /// <summary>A hand-over that its successor never learnt of before it promoted itself by force is one change of role.</summary>
    [Fact]
    public async Task Two_generations_that_make_one_site_primary_under_one_number_are_one_change()
    {
        var (north, south) = (await SiteAsync(1), await SiteAsync(2));
        await StepAsync(north);
        await StepAsync(south);
        await WriteAsync(north, new Generation("v", 1, "g1", north.Name, 0, null, true));
        await SyncAsync(north, south);
        await WriteAsync(north, new Generation("v", 2, "g2", south.Name, 5, "g1", true));
        await WriteAsync(south, new Generation("v", 2, "g2b", south.Name, 4, "g1", false));
        await StepAsync(south);
        await SyncAsync(north, south);
        await SyncAsync(south, north);
        await StepAsync(south);
        await StepAsync(north);
        Assert.Equal([(EventKinds.Promoted, RoleCauses.Forced)], south.Journal.List().Select(e => (e.Kind, e.Cause)));
        Assert.Equal([EventKinds.Demoted], north.Journal.List().Select(e => e.Kind));
    }

    [Fact]
    public async Task What_was_so_before_is_no_event_and_what_happened_while_the_site_was_down_is_one()
    {
        var north = await SiteAsync(1);
        await WriteAsync(north, new Generation("v", 1, "g1", "elsewhere", 0, null, true));
        await WriteAsync(north, new Generation("v", 2, "g2", north.Name, 0, "g1", false));
        await StepAsync(north);
        Assert.Empty(north.Journal.List());
        north = Restarted(north);
        await WriteAsync(north, new Generation("v", 3, "g3", "elsewhere", 0, "g2", false));
        await StepAsync(north);
        Assert.Equal([EventKinds.Demoted], north.Journal.List().Select(e => e.Kind));
    }

    /// <summary>Missed runs are counted by each site that was the source, those of its own time alone.</summary>
    [Fact]
    public async Task Missed_runs_are_told_by_the_site_that_was_the_source_then_and_never_twice()
    {
        var (north, south) = (await SiteAsync(1), await SiteAsync(2));
        await StepAsync(north);
        await StepAsync(south);
        await StatusAsync(north, 1, missedRuns: 2, missedBefore: 0);
        await StepAsync(north);
        north = Restarted(north);
        await StepAsync(north);
        await StatusAsync(north, 1, missedRuns: 5, missedBefore: 0);
        await StepAsync(north);
        await StepAsync(north);
        await SyncAsync(north, south);
        await StepAsync(south);
        await StatusAsync(south, 2, missedRuns: 6, missedBefore: 5);
        await StepAsync(south);
        await SyncAsync(south, north);
        await StepAsync(north);
        await StatusAsync(north, 3, missedRuns: 10, missedBefore: 6);
        await StepAsync(north);
        Assert.Equal([(2L, 2L), (3L, 5L), (4L, 10L)], north.Journal.List().Select(e => (e.MissedRuns!.Value, e.MissedRunsTotal!.Value)));
        Assert.Equal([(1L, 6L)], south.Journal.List().Select(e => (e.MissedRuns!.Value, e.MissedRunsTotal!.Value)));
        Assert.Equal(3, north.Journal.List().Select(e => e.Id).Distinct().Count());
    }

    [Fact]
    public async Task A_move_of_a_site_is_told_when_it_is_over_by_the_site_that_drove_it()
    {
        var north = await SiteAsync(1);
        await StepAsync(north);
        await MoveAsync(OperationStatus.Running);
        await StepAsync(north);
        Assert.Empty(north.Journal.List());
        await MoveAsync(OperationStatus.Failed);
        await StepAsync(north);
        var told = Assert.Single(north.Journal.List());
        Assert.Equal(
            (EventKinds.SiteFailover, "failed", "no room", 1, 1, 0, true),
            (told.Kind, told.Status, told.Reason, told.VolumesMoved, told.VolumesFailed, told.VolumesSkipped, told.IsForced));

        async Task MoveAsync(OperationStatus status) => await north.Replica.CommitAsync(
            t =>
            {
                var key = OperationEntity.Key("o");
                var report = new MoveReport(
                    "lost", north.Name, true, null, DateTimeOffset.UnixEpoch, null,
                    [new("a", "a", null, 0, north.Name, MoveLine.Done), new("b", "b", null, 0, north.Name, MoveLine.Failed, "no room")]);
                t.Set(key, "kind", FieldValue.FromString(SiteOperations.Move));
                t.Set(key, "target_site", FieldValue.FromString(north.Name));
                t.Set(key, "entity", FieldValue.FromString("site/lost"));
                t.Set(key, "reason", FieldValue.FromString("no room"), DomainSchema.OwnerRank);
                t.Set(key, "result", FieldValue.Serialize(report, GroupJson.Default.MoveReport), DomainSchema.OwnerRank);
                OperationEntity.WriteStatus(t, "o", status);
            },
            Author, Cancellation);
    }

    /// <summary>
    /// The law: over any history, with restarts between any two writes and steps, a kill while a note is written, and a journal that is
    /// written anew now and then, each role change of this site is in the journal exactly once.
    /// </summary>
    [Fact]
    public async Task Each_change_is_noted_exactly_once_whenever_the_site_is_killed()
    {
        for (var seed = 1; seed <= 15; seed++)
        {
            var chance = new Random(seed);
            var node = await SiteAsync(100 + seed);
            var path = $"{_path}.{seed}";
            node = node with { Journal = new EventJournal(path, kept: 1000) };
            await StepAsync(node);
            var expected = new List<string>();
            var at = Enumerable.Range(0, 3).ToDictionary(v => $"v{v}", v => new Generation($"v{v}", 1, $"v{v}-1", "elsewhere", 0, null, true), StringComparer.Ordinal);
            foreach (var first in at.Values)
            {
                await WriteAsync(node, first);
            }

            for (var step = 0; step < 60; step++)
            {
                var volume = $"v{chance.Next(3)}";
                switch (chance.Next(5))
                {
                    case 0 or 1:
                        var before = at[volume];
                        var toHere = before.Site != node.Name;
                        at[volume] = new Generation(
                            volume, before.Number + 1, $"{volume}-{before.Number + 1}", toHere ? node.Name : "elsewhere", 0, before.Id, chance.Next(2) == 0);
                        await WriteAsync(node, at[volume]);
                        expected.Add(toHere ? $"{volume} promoted {before.Number + 1}" : $"{volume} demoted {before.Number + 1}");
                        break;
                    case 2:
                        await StepAsync(node);
                        break;
                    case 3:
                        // Killed: what was noted is on disk, and perhaps the beginning of a line that was not.
                        if (chance.Next(2) == 0)
                        {
                            File.AppendAllText(path, "\n{\"key\":\"role/v0/");
                        }

                        node = node with { Journal = new EventJournal(path, kept: 1000), Reconciler = null };
                        break;
                    default:
                        node.Journal.Compact(new EventFacts(node.Context, StateView.Of(node.Replica), node.Journal.MarkOf).IsGone);
                        break;
                }
            }

            await StepAsync(node);
            var told = new EventJournal(path, kept: 1000).List();
            Assert.True(
                expected.Order().SequenceEqual(told.Select(e => $"{e.VolumeId} {e.Kind["volume.".Length..]} {e.Generation}").Order()),
                $"seed {seed}: expected {string.Join(", ", expected)}, noted {string.Join(", ", told.Select(e => e.Message))}");
            Assert.Equal(Enumerable.Range(1, told.Count).Select(i => (long)i), told.Select(e => e.Sequence));
            Assert.Equal(told.Count, told.Select(e => e.Id).Distinct().Count());
        }
    }

    [Fact]
    public async Task Events_are_listed_by_kind_volume_and_time_for_administrators_alone()
    {
        var north = await SiteAsync(1);
        await StepAsync(north);
        foreach (var volume in (string[])["v", "w"])
        {
            await WriteAsync(north, new Generation(volume, 1, volume + 1, "elsewhere", 0, null, true));
            await WriteAsync(north, new Generation(volume, 2, volume + 2, north.Name, 0, volume + 1, true));
        }

        await StepAsync(north);
        var service = new EventService(north.Context, north.Journal, north.Transfers);
        var admin = Actor.System("test");
        Assert.Equal(2, service.List(admin, new EventFilter()).Value.Count);
        Assert.Equal(["w"], service.List(admin, new EventFilter { VolumeId = "w", Kind = EventKinds.Promoted }).Value.Select(e => e.VolumeId));
        Assert.Empty(service.List(admin, new EventFilter { Kind = EventKinds.Demoted }).Value);
        Assert.Empty(service.List(admin, new EventFilter { Since = DateTimeOffset.UtcNow.AddHours(1) }).Value);
        Assert.Equal("kind", service.List(admin, new EventFilter { Kind = "volume.lost" }).Refusal?.Field);
        Assert.Equal(RefusalKind.NotAllowed, service.List(new Actor("anna", "u", "p", ["member"]), new EventFilter()).Refusal?.Kind);
    }

    private async Task<Node> SiteAsync(int number)
    {
        var id = new SiteId((ulong)number);
        var replica = await Replica.OpenAsync(
            new State.ReplicaOptions { Site = id, Schema = DomainSchema.Schema }, new MemoryStore(), TimeProvider.System, new Random(number), Cancellation);
        _replicas.Add(replica);
        return new Node(
            replica, new SiteContext(replica, id, $"site-{number}", "region", TimeProvider.System, new RandomIds()), new EventJournal($"{_path}-{number}"));
    }

    private Node Restarted(Node node) => node with { Journal = new EventJournal($"{_path}-{node.Number}"), Reconciler = null };

    private static async Task StepAsync(Node node) =>
        await (node.Reconciler ??= new EventReconciler(node.Context, node.Journal, node.Fresh, new EventOptions())).StepAsync(Cancellation);

    private static async Task WriteAsync(Node node, Generation generation) =>
        await node.Replica.CommitAsync(t => Generations.Write(t, generation), Author, Cancellation);

    private static async Task StatusAsync(Node node, long generation, long missedRuns, long missedBefore) => await node.Replica.CommitAsync(
        t =>
        {
            var key = Relation.Key("r");
            if (t.Find(key) is null)
            {
                t.Set(key, Relation.VolumeIdField, FieldValue.FromString("v"));
                t.Set(key, Relation.HomeSiteField, FieldValue.FromString("a"));
                t.Set(key, Relation.TargetSiteField, FieldValue.FromString("b"));
            }

            var status = new SourceStatus(
                ReplicationWords.Secondary, null, null, DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch, generation, null, null, 0, null, null, null, null, null)
            {
                MissedRuns = missedRuns,
                MissedBefore = missedBefore,
            };
            t.Set(key, Relation.SourceStatusField, FieldValue.Serialize(status, ReplicationJson.Default.SourceStatus), DomainSchema.OwnerRank);
        },
        Author, Cancellation);

    private static async Task SyncAsync(Node from, Node to) => await to.Replica.ApplyAsync(
        from.Replica.ReadLog(to.Replica.Vector, null, int.MaxValue, int.MaxValue).Mutations, Cancellation);

    private sealed record Node(Replica Replica, SiteContext Context, EventJournal Journal)
    {
        public EventReconciler? Reconciler { get; set; }

        public FreshStatuses Fresh { get; } = new();

        public TransferHistory Transfers { get; } = new(null);

        /// <summary>As it stands in entities.</summary>
        public string Name => Context.SelfText;

        public string Number => Context.SiteName["site-".Length..];
    }
}
