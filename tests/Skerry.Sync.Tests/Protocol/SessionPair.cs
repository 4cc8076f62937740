using Skerry.State;
using Skerry.State.Clocks;
using Skerry.State.Merging;
using Skerry.State.Storage;
using Skerry.State.Trust;
using Skerry.Sync.Protocol;
using Skerry.TestKit.Time;

namespace Skerry.Sync.Tests.Protocol;

/// <summary>One site as a session sees it, on time that the test moves.</summary>
internal sealed class SessionSite(Replica replica, SyncOptions options, TimeProvider time, IReadOnlyList<string>? features = null)
{
    public Replica Replica => replica;

    public SiteLocal Local { get; } = new(replica, () => "cloud", options, time, new Random(1)) { Features = features ?? Features.Spoken };

    public static async Task<SessionSite> StartAsync(ulong id, ManualTime time, SyncOptions? options = null, long logBytes = long.MaxValue, IReadOnlyList<string>? features = null,
        ISealer? sealer = null, ISealRules? rules = null)
    {
        var replica = await Replica.OpenAsync(
            new ReplicaOptions { Site = new SiteId(id), Limits = new ReplicaLimits { MaxLogBytes = logBytes }, Sealer = sealer, SealRules = rules },
            new MemoryStore(), time, new Random((int)id), CancellationToken.None);
        return new SessionSite(replica, options ?? new SyncOptions(), time, features);
    }

    public async Task WriteAsync(string id, string value = "x", bool urgent = true) => await Replica.CommitAsync(
        t => t.Set(new EntityKey("note", id), "text", FieldValue.FromString(value)), new CommitOptions("ada", urgent), CancellationToken.None);
}

/// <summary>Two sessions joined by hand.</summary>
internal sealed class SessionPair(SessionSite a, SessionSite b, SyncOptions? optionsOfA = null) : IDisposable
{
    public LinkSession A { get; } = new(a.Local, b.Replica.Site, optionsOfA);

    public LinkSession B { get; } = new(b.Local, a.Replica.Site);

    /// <summary>All frames that went over, with who sent them.</summary>
    public List<(char From, Frame Frame)> Frames { get; } = [];

    /// <summary>As they went over the wire.</summary>
    public long BytesOfA { get; private set; }

    /// <summary>Carries frames until neither end has any, or so many went over.</summary>
    public async Task RunAsync(int most = int.MaxValue)
    {
        while (most > 0)
        {
            var moved = false;
            foreach (var (name, from, to) in new[] { ('a', A, B), ('b', B, A) })
            {
                if (most > 0 && from.Next() is { Frame: { } frame })
                {
                    Frames.Add((name, frame));
                    var bytes = from.Encode(frame).ToArray();
                    BytesOfA += name == 'a' ? bytes.Length : 0;
                    await to.ReceiveAsync(bytes, CancellationToken.None);
                    moved = true;
                    most--;
                }
            }

            if (!moved)
            {
                return;
            }
        }
    }

    public IEnumerable<Batch> BatchesOf(char from) => Frames.Where(f => f.From == from).Select(f => f.Frame).OfType<Batch>();

    public void Dispose()
    {
        A.Dispose();
        B.Dispose();
    }
}
