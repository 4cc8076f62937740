using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Skerry.Domain;
using Skerry.Domain.Events;
using Skerry.Domain.Replication;
using Skerry.Domain.Volumes;
using Skerry.Host.Webhooks;
using Skerry.State;
using Skerry.State.Clocks;
using Skerry.State.Storage;

namespace Skerry.Host.Tests.Webhooks;

/// <summary>A site whose volumes change their primary when the test says so, and that tells webhooks of it.</summary>
internal sealed class EventfulSite : IAsyncDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("skerry-webhooks-").FullName;
    private readonly Replica _replica;
    private readonly int _kept;
    private EventReconciler _reconciler;
    private int _volumes;

    private EventfulSite(Replica replica, int kept)
    {
        _replica = replica;
        _kept = kept;
        Context = new SiteContext(replica, replica.Site, "north", "north", TimeProvider.System, new RandomIds());
        Journal = OpenJournal();
        _reconciler = new EventReconciler(Context, Journal, new FreshStatuses(), new EventOptions());
    }

    public SiteContext Context { get; }

    public EventJournal Journal { get; private set; }

    /// <summary>What was logged.</summary>
    public ConcurrentQueue<string> Said { get; } = new();

    public string PlacesDirectory => Path.Combine(_directory, "webhooks");

    public static async Task<EventfulSite> StartAsync(int kept = 1000)
    {
        var id = SiteId.Create(new Random(1));
        var replica = await Replica.OpenAsync(
            new State.ReplicaOptions { Site = id, Schema = DomainSchema.Schema }, new MemoryStore(), TimeProvider.System, new Random(1), CancellationToken.None);
        var site = new EventfulSite(replica, kept);
        await site._reconciler.StepAsync(CancellationToken.None);
        return site;
    }

    /// <summary>So many volumes change their primary: the copy here becomes it, or ceases to be.</summary>
    public async Task HappenAsync(int count, bool isPromoted = true)
    {
        for (var i = 0; i < count; i++)
        {
            var volume = $"volume-{++_volumes}";
            var (from, to) = isPromoted ? ("0011223344556677", Context.SelfText) : (Context.SelfText, "0011223344556677");
            await _replica.CommitAsync(
                t =>
                {
                    Generations.Write(t, new Generation(volume, 1, $"{volume}-1", from, 0, null, true));
                    Generations.Write(t, new Generation(volume, 2, $"{volume}-2", to, i, $"{volume}-1", false));
                },
                new CommitOptions("test"), CancellationToken.None);
            await _reconciler.StepAsync(CancellationToken.None);
        }
    }

    /// <summary>As a daemon that starts anew finds it on disk.</summary>
    public void ReopenJournal()
    {
        Journal = OpenJournal();
        _reconciler = new EventReconciler(Context, Journal, new FreshStatuses(), new EventOptions());
    }

    /// <summary>The senders, running until they are disposed of.</summary>
    public async Task<WebhookLoops> SendAsync(params IReadOnlyList<WebhookEndpoint> endpoints)
    {
        var loops = new WebhookLoops(
            endpoints, PlacesDirectory, Journal, Context, new Random(1), new Listener(Said),
            new WebhookPace(TimeSpan.FromMilliseconds(20), TimeSpan.FromMilliseconds(200)));
        await loops.StartAsync(CancellationToken.None);
        return loops;
    }

    public async ValueTask DisposeAsync()
    {
        await _replica.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
    }

    private EventJournal OpenJournal() => new(Path.Combine(_directory, "events.jsonl"), _kept);

    private sealed class Listener(ConcurrentQueue<string> said) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            said.Enqueue(formatter(state, exception));
    }
}
