using System.Threading.Channels;
using Skerry.State.Clocks;
using Skerry.State.Log;
using Skerry.State.Merging;
using Skerry.State.Storage;
using Skerry.State.Trust;

namespace Skerry.State;

/// <summary>
/// The replicated state of one site: takes local decisions and other sites' mutations, makes them durable, merges them, and tells
/// what changed.
/// </summary>
/// <remarks>
/// <para>Decisions run one after another, each over everything decided before it, durable or not. Readers see only what is durable:
/// the state is published after its group's sync. A commit returns when its mutation, and all that it was decided upon, is durable.</para>
/// <para>A full store refuses the write and goes on. A store that cannot be reached refuses all writes until <see cref="FollowStoreAsync"/>
/// has read it again. When it fails in a way that leaves open for good what it holds, the replica stops: every later write fails with
/// the store's error until the process starts again. <see cref="Store"/> says which.</para>
/// <para>Thread-safe. Owns its store.</para>
/// </remarks>
public sealed class Replica : IAsyncDisposable
{
    private readonly ReplicaOptions _options;
    private readonly CommitQueue _queue;
    private readonly HybridClock _clock;
    private readonly ReturnedWrites _returned = new();
    private readonly SealKeys _sealKeys = new();
    private OwnWrite? _lastOwn;

    private Replica(ReplicaOptions options, IStateStore store, TimeProvider time, Random random, Recovered recovered)
    {
        _options = options;
        _clock = new HybridClock(time, options.ClockOffset, recovered.LastOwnStamp, options.ClockLimit);
        _clock.Observe(recovered.HighestStamp);
        _queue = new CommitQueue(options, store, time, random, _clock, recovered);
    }

    public SiteId Site => _options.Site;

    /// <summary>Drawn afresh at every start, and when the site forgets its own writes (<see cref="AdoptAsync"/>).</summary>
    public ulong Incarnation => _queue.Incarnation;

    /// <summary>
    /// What this site once wrote and had no more when it came back from others, since it was opened: its disk is an older copy, or lost
    /// its end, or another copy of it is running. Empty of a site that is what it should be.
    /// </summary>
    public IReadOnlyList<ReturnedWrite> Returned => _returned.All;

    /// <summary>The last write that this site made since it was opened, with what it was made after; null before the first.</summary>
    public OwnWrite? LastOwn => Volatile.Read(ref _lastOwn);

    /// <summary>What makes the stamps of this site; the host corrects it by what the links measure.</summary>
    public HybridClock Clock => _clock;

    /// <summary>What is applied and durable here.</summary>
    public VersionVector Vector => _queue.Durable.Vector;

    /// <summary>The lowest vector that <see cref="ReadLog"/> can serve.</summary>
    public VersionVector LogBase => _queue.Log.Base;

    public StateSchema Schema => _options.Schema;

    /// <summary>Whether writes are acknowledged, and why not.</summary>
    public StoreReport Store => _queue.Report;

    /// <summary>The last changes that their makers were not allowed to make, in order of arrival; those below the last checkpoint are forgotten at a start.</summary>
    public IReadOnlyList<RefusedChange> RefusedChanges => _queue.Durable.Refused;

    /// <summary>All conflicts, in order of entity and field.</summary>
    public IReadOnlyList<Conflict> Conflicts
    {
        get
        {
            var state = _queue.Durable;
            return [.. state.Contested.SelectMany(key => Conflict.Of(state.Find(key)!, _options.Schema))];
        }
    }

    /// <summary>Reads the store and starts a new incarnation.</summary>
    /// <param name="options">Which site, which rules, which bounds.</param>
    /// <param name="store">Its store; from now on the replica's, which disposes of it, also when the start fails.</param>
    /// <param name="time">Physical time.</param>
    /// <param name="random">Source of incarnations and entry ids; must not repeat between starts. Used by one thread at a time.</param>
    /// <param name="cancellationToken">Gives up the start.</param>
    /// <exception cref="StateStoreException">The store cannot be read, is damaged, or is another site's.</exception>
    public static async ValueTask<Replica> OpenAsync(
        ReplicaOptions options, IStateStore store, TimeProvider time, Random random, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(store);
        try
        {
            var recovered = await Recovered.LoadAsync(store, options.Site, options.Schema, cancellationToken);
            var replica = new Replica(options, store, time, random, recovered);
            if (recovered.Tail.LastId == 0) await replica._queue.CheckpointAsync(cancellationToken);
            return replica;
        }
        catch
        {
            await store.DisposeAsync();
            throw;
        }
    }

    /// <summary>The entity, in the trash or not; null when nothing of it stands. Takes no lock.</summary>
    public Entity? Find(EntityKey key) => _queue.Durable.Find(key);

    /// <summary>Living entities of the kind in order of ids.</summary>
    public IReadOnlyList<Entity> List(string kind) => _queue.Durable.Table(kind).Living;

    /// <summary>Entities of the kind that lie in the trash, in order of ids.</summary>
    public IReadOnlyList<Entity> ListDeleted(string kind) => _queue.Durable.Table(kind).Deleted;

    /// <summary>Settled conflicts, of one entity or all, newest first.</summary>
    public IReadOnlyList<SettledConflict> ConflictHistory(EntityKey? key = null) =>
        [.. _queue.Durable.History.Where(settled => key is null || settled.Key == key).Reverse()];

    /// <summary>Runs a decision; what it writes becomes one mutation. Returns when that is durable.</summary>
    /// <param name="decide">
    /// Sees everything decided before it. Must be quick, wait for nothing, and have no effect but through its transaction: it is run
    /// again when another daemon appended to the store first. What it throws is thrown here, and nothing is written.
    /// </param>
    /// <param name="options">Author and urgency.</param>
    /// <param name="cancellationToken">Heeded until the decision has run; after that the outcome is waited for.</param>
    /// <exception cref="StateLimitException">Too large. Nothing was written.</exception>
    /// <exception cref="StateStoreException">
    /// Not acknowledged. With <see cref="StateStoreException.NothingWritten"/> it certainly did not happen; else it may show later.
    /// </exception>
    public async ValueTask<CommitResult<T>> CommitAsync<T>(
        Func<ITransaction, T> decide, CommitOptions options, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(decide);
        ArgumentNullException.ThrowIfNull(options);
        _options.Limits.CheckName(options.Author, "author");
        cancellationToken.ThrowIfCancellationRequested();
        T value = default!;
        Dot? dot = null;
        OwnWrite? own = null;
        await _queue.WriteAsync(before =>
        {
            var next = new Dot(Site, _queue.Incarnation, before.Vector[new Writer(Site, _queue.Incarnation)] + 1);
            var stamp = _clock.Next();
            var transaction = new Transaction(before, _options.Schema, _options.Limits, new Origin(next, stamp, options.Author));
            value = decide(transaction);
            var changes = transaction.ToChanges(out var above);
            (dot, own) = (changes.Count == 0 ? null : next, null);
            if (changes.Count == 0) return new Decided([], before);
            if (above >= stamp) stamp = _clock.Next(above);
            var flags = _clock.IsUnsure(stamp) ? OriginFlags.UnsureStamp : OriginFlags.None;
            var mutation = MutationCodec.Create(next, stamp, options.Author, options.Urgent, changes, flags, isInRun: _options.Sealer is not null);
            var after = before.Apply([mutation], _options.Schema);
            own = new OwnWrite(next, after.Vector);
            return new Decided([mutation], after);
        });
        OwnWrite.Raise(ref _lastOwn, own);
        return new CommitResult<T>(value, dot);
    }

    /// <inheritdoc cref="CommitAsync{T}(Func{ITransaction, T}, CommitOptions, CancellationToken)"/>
    public async ValueTask<Dot?> CommitAsync(Action<ITransaction> decide, CommitOptions options, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(decide);
        var result = await CommitAsync(
            transaction =>
            {
                decide(transaction);
                return true;
            },
            options, cancellationToken);
        return result.Dot;
    }

    /// <summary>
    /// Takes mutations that other sites made, in the sender's order of application. Durable when it returns; those that are here
    /// already are skipped; on a fault none is applied.
    /// </summary>
    /// <exception cref="CausalityException">One came before what it was made after.</exception>
    /// <exception cref="ForgedRunException">One was not made by the site whose name it bears.</exception>
    /// <exception cref="StateStoreException">The store failed.</exception>
    public async ValueTask<ApplyResult> ApplyAsync(IReadOnlyList<Mutation> mutations, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(mutations);
        cancellationToken.ThrowIfCancellationRequested();
        var applied = 0;
        Arrivals? last = null;
        await _queue.WriteAsync(before =>
        {
            var arrivals = new Arrivals(before, _options, new Writer(Site, _queue.Incarnation), _sealKeys);
            foreach (var mutation in mutations) arrivals.Take(mutation);
            var after = arrivals.ToState();
            foreach (var mutation in arrivals.Taken)
            {
                if (mutation.Dot.Site == Site) _clock.Resume(mutation.Stamp);
                else _clock.Observe(mutation.Stamp);
            }

            (last, applied) = (arrivals, arrivals.Taken.Count);
            return new Decided(arrivals.Taken, after);
        });
        _returned.Note(Site, last!.Taken);
        return new ApplyResult(applied, mutations.Count - applied);
    }

    /// <summary>
    /// Takes closed incarnations of this site out of every vector, at every site that takes this in. Nothing of what they wrote
    /// changes. Only what this site has to its end is taken out, and never the incarnation that writes now.
    /// </summary>
    /// <param name="ends">The last mutation of each; one that is not the last known here, or is retired already, is left out.</param>
    /// <param name="author">The reconciler that decided it.</param>
    /// <param name="cancellationToken">Heeded until it is decided.</param>
    /// <returns>The mutation; null when there was nothing to retire.</returns>
    /// <exception cref="StateStoreException">As for a commit.</exception>
    public async ValueTask<Dot?> RetireAsync(IReadOnlyList<Dot> ends, string author, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(ends);
        cancellationToken.ThrowIfCancellationRequested();
        Dot? dot = null;
        await _queue.WriteAsync(before =>
        {
            var self = new Writer(Site, _queue.Incarnation);
            Dot[] closed = [.. before.Vector.Where(last => last.Site == Site && last.Writer != self && ends.Contains(last))];
            dot = closed.Length == 0 ? null : new Dot(Site, self.Incarnation, before.Vector[self] + 1);
            if (dot is not { } next) return new Decided([], before);
            var stamp = _clock.Next();
            var change = new Change { Kind = ChangeKind.Retire, Key = new EntityKey("$incarnations", Site.ToString()), Seen = closed };
            var mutation = MutationCodec.Create(next, stamp, author, urgent: false, [change], isInRun: _options.Sealer is not null);
            return new Decided([mutation], before.Apply([mutation], _options.Schema));
        });
        return dot;
    }

    /// <summary>What to tell a peer that this site has: its vector, and the retired incarnations that the peer may know as open.</summary>
    public VersionVector AnnouncedVector => _queue.Log.Announce(Vector);

    /// <summary>What a peer has that announced this vector: with it, the incarnations that it left out because it knows them retired.</summary>
    public VersionVector Complete(VersionVector announced) => _queue.Log.Complete(announced);

    /// <summary>Reads the durable log in this site's order of application, which respects causality.</summary>
    /// <param name="from">What the receiver has, what was sent to it on this stream included.</param>
    /// <param name="cursor">Where the last batch of this stream ended; null to begin.</param>
    /// <param name="maxMutations">At most so many.</param>
    /// <param name="maxBytes">At most so many bytes; one mutation is given in any case.</param>
    public LogBatch ReadLog(VersionVector from, LogCursor? cursor, int maxMutations, int maxBytes) =>
        _queue.Log.Read(from, cursor, maxMutations, maxBytes);

    /// <summary>Cuts the log if it is over its bounds. To be called now and then.</summary>
    /// <returns>True when it was cut.</returns>
    public ValueTask<bool> CutLogAsync(CancellationToken cancellationToken) => _queue.CutLogAsync(cancellationToken);

    /// <summary>
    /// One step of following the store, to be repeated by one caller for as long as the replica is open: waits until another daemon of
    /// this site may have written there, and takes that in; asks a store that was lost again, at growing intervals up to 5 s, and goes
    /// on when it answers. With a store that only one daemon can have it waits until it is cancelled.
    /// </summary>
    /// <exception cref="OperationCanceledException">It was cancelled; it throws nothing else but for faults of the program.</exception>
    public ValueTask FollowStoreAsync(CancellationToken cancellationToken) => _queue.FollowAsync(cancellationToken);

    /// <summary>Tells one reader what changes from now on.</summary>
    /// <param name="filter">Which entities concern it; null for all. Called under a lock: quick, and without calls back.</param>
    /// <param name="maxKeys">Beyond so many changed keys the feed says "everything".</param>
    public ChangeFeed Subscribe(Func<EntityKey, bool>? filter = null, int maxKeys = 4096) => _queue.Feeds.Subscribe(filter, maxKeys);

    /// <summary>Returns when the vector is covered here, or is cancelled.</summary>
    /// <exception cref="ChannelClosedException">The replica was disposed of.</exception>
    public async ValueTask WaitUntilCoversAsync(VersionVector vector, CancellationToken cancellationToken)
    {
        if (Vector.CoversAll(vector)) return;
        using var feed = Subscribe(maxKeys: 1);
        while (!Vector.CoversAll(vector)) await feed.ReadAsync(cancellationToken);
    }

    /// <summary>One consistent cut of what is durable.</summary>
    public StateSnapshot TakeSnapshot() => new(_queue.Durable);

    /// <summary>SHA-256 of vector and standing values: two sites that have seen the same mutations have the same.</summary>
    public byte[] Digest() => TakeSnapshot().Digest();

    /// <summary>
    /// Joins a snapshot in one durable step: afterwards this site has seen what either had seen. What it alone wrote stays. Peers that
    /// do not cover the snapshot can no longer be served from the log.
    /// </summary>
    /// <exception cref="StateStoreException">The store failed.</exception>
    public async ValueTask JoinAsync(StateSnapshot snapshot, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(snapshot);
        var had = VersionVector.Empty;
        await _queue.ReplaceAsync(
            before =>
            {
                had = before.Vector;
                return before.Join(snapshot.State, _options.Schema);
            },
            snapshot.Vector, forgetOwn: false, cancellationToken);
        _returned.Note(Site, had, snapshot.Vector);
    }

    /// <summary>
    /// For a site that joins a cloud and has made nothing but its own first-start entities: forgets all of its own and takes the
    /// snapshot, in one durable step, and goes on in a fresh incarnation, so that no forgotten dot is ever made again. What was
    /// acknowledged here until then is gone, so call it before the site serves anyone.
    /// </summary>
    /// <exception cref="StateStoreException">The store failed.</exception>
    public ValueTask AdoptAsync(StateSnapshot snapshot, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(snapshot);
        return _queue.ReplaceAsync(
            _ => ReplicaState.Empty.Join(snapshot.State, _options.Schema), snapshot.Vector, forgetOwn: true, cancellationToken);
    }

    public ValueTask DisposeAsync() => _queue.DisposeAsync();
}
