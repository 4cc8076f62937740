using System.Collections.Immutable;
using Skerry.Blocks.Encryption;

namespace Skerry.Blocks.Maps;

/// <summary>
/// What one volume is, apart from its bytes. Changed only by the log's writer (and by recovery before there is one); read by anyone.
/// </summary>
internal sealed class VolumeState(uint ordinal, string id, long sizeBytes)
{
    /// <summary>The property with the wrapped key of an encrypted volume. It is given when the volume is made, and clones take it over.</summary>
    public const string KeyProperty = "encryption";

    private readonly Lock _history = new();
    private IReadOnlyList<RunStart> _runs = [];
    private long _lastNumber;
    private long _highNumber;
    private long _sizeBytes = sizeBytes;
    private bool _catchingUp;
    private ImmutableArray<Fork> _forks = [];
    private volatile BlockMap _map = new();
    private volatile bool _deleted;
    private volatile bool _runOpen;
    private volatile bool _locked;
    private volatile VolumeCipher? _cipher;
    private long _lastSequence;
    private long _durableNumber;

    public uint Ordinal { get; } = ordinal;

    public string Id { get; } = id;

    /// <summary>What to call it in messages.</summary>
    public string Label { get; } = $"volume '{id}'";

    public BlockMap Map => _map;

    public ImmutableDictionary<string, byte[]> Properties { get; set; } = ImmutableDictionary<string, byte[]>.Empty;

    /// <summary>What encrypts the blocks; null for a plain volume, and while <see cref="Locked"/>.</summary>
    public VolumeCipher? Cipher
    {
        get => _cipher;
        set => _cipher = value;
    }

    /// <summary>True while the volume is encrypted and its key is not here: its blocks are neither read nor written.</summary>
    public bool Locked
    {
        get => _locked;
        set => _locked = value;
    }

    /// <summary>Oldest first.</summary>
    public ImmutableArray<Snapshot> Snapshots { get; private set; } = [];

    public long SizeBytes
    {
        get => Volatile.Read(ref _sizeBytes);
        set => Volatile.Write(ref _sizeBytes, value);
    }

    public long Blocks => Sizes.BlocksFor(SizeBytes);

    public bool Deleted => _deleted;

    public long LastNumber => Volatile.Read(ref _lastNumber);

    /// <summary>No write number above this one was ever used, also not by what a revert took back.</summary>
    public long HighNumber => Volatile.Read(ref _highNumber);

    public Lineage Lineage
    {
        get
        {
            lock (_history)
            {
                return new Lineage(_runs, _lastNumber);
            }
        }
    }

    /// <summary>The run that writes belong to now, or null before the first.</summary>
    public RunStart? LastRun
    {
        get
        {
            var runs = _runs;
            return runs.Count == 0 ? null : runs[^1];
        }
    }

    /// <summary>True while the volume takes writes of its own.</summary>
    public bool RunOpen
    {
        get => _runOpen;
        set => _runOpen = value;
    }

    /// <summary>The newest record of the log that touches the volume.</summary>
    public long LastSequence
    {
        get => Volatile.Read(ref _lastSequence);
        set => Volatile.Write(ref _lastSequence, value);
    }

    /// <summary>The last write known to be on stable storage.</summary>
    public long DurableNumber
    {
        get => Volatile.Read(ref _durableNumber);
        set => Volatile.Write(ref _durableNumber, value);
    }

    /// <summary>The log writer's: the number given last, in the record named by <see cref="PlannedIn"/>.</summary>
    public long PlannedNumber { get; set; }

    /// <summary>The log writer's: the record that it was putting together when it last gave a number.</summary>
    public long PlannedIn { get; set; }

    /// <summary>The log writer's: who follows the writes.</summary>
    public ImmutableArray<WriteTap> Taps { get; set; } = [];

    /// <summary>True from the first block put outside of history until a lineage is adopted or a snapshot returned to.</summary>
    public bool CatchingUp => Volatile.Read(ref _catchingUp);

    public ImmutableArray<Fork> Forks
    {
        get
        {
            lock (_history)
            {
                return _forks;
            }
        }
    }

    public Snapshot? FindSnapshot(string snapshotId)
    {
        foreach (var snapshot in Snapshots)
        {
            if (snapshot.Info.Id == snapshotId)
            {
                return snapshot;
            }
        }

        return null;
    }

    /// <summary>A write of this volume's history has been stored.</summary>
    public void Advance(long number)
    {
        lock (_history)
        {
            Volatile.Write(ref _lastNumber, number);
            Volatile.Write(ref _highNumber, Math.Max(_highNumber, number));
        }
    }

    /// <summary>A block has been put outside of history: until the catch-up ends the head is no state that a disk was ever in.</summary>
    public void Disturb(long number)
    {
        Volatile.Write(ref _catchingUp, true);
        Volatile.Write(ref _highNumber, Math.Max(_highNumber, number));
    }

    public void Begin(RunStart run)
    {
        lock (_history)
        {
            _runs = [.. _runs, run];
        }
    }

    public void AddSnapshot(string snapshotId, DateTimeOffset createdAt) =>
        Snapshots = Snapshots.Add(new Snapshot(new SnapshotInfo(snapshotId, Lineage, createdAt, SizeBytes), Map.Share(), Forks));

    public void RemoveSnapshot(Snapshot snapshot)
    {
        snapshot.Deleted = true;
        Snapshots = Snapshots.Remove(snapshot);
    }

    public void Revert(Snapshot snapshot)
    {
        var lineage = snapshot.Info.Lineage;
        lock (_history)
        {
            _forks = snapshot.Forks.Aggregate(_forks, Fork.Add);
            if (_highNumber > lineage.LastNumber)
            {
                _forks = Fork.Add(_forks, new Fork(lineage.LastNumber, _highNumber, lineage.LastNumber));
            }

            _runs = lineage.Runs;
            Volatile.Write(ref _lastNumber, lineage.LastNumber);
            Volatile.Write(ref _catchingUp, false);
        }

        // The snapshot's disk can be smaller; a size never shrinks, and beyond the snapshot's end the disk is then zeroes.
        _map = snapshot.Map.Share();
    }

    public void Adopt(Lineage lineage)
    {
        lock (_history)
        {
            var common = Lineage.CommonNumber(new Lineage(_runs, _lastNumber), lineage);
            _forks = Fork.Add(_forks, new Fork(common, _highNumber, lineage.LastNumber));
            _runs = lineage.Runs;
            Volatile.Write(ref _lastNumber, lineage.LastNumber);
            Volatile.Write(ref _highNumber, Math.Max(_highNumber, lineage.LastNumber));
            Volatile.Write(ref _catchingUp, false);
        }
    }

    /// <summary>Takes over the content and the history of a volume's head, or of one of its snapshots.</summary>
    public void CloneFrom(VolumeState source, Snapshot? snapshot)
    {
        var lineage = snapshot?.Info.Lineage ?? source.Lineage;
        Restore(
            (snapshot?.Map ?? source.Map).Share(), lineage, snapshot?.Forks ?? source.Forks, source.HighNumber, catchingUp: false);
        if (source.Properties.TryGetValue(KeyProperty, out var key))
        {
            // The blocks that they share are of one key, so it is that of all that the clone writes.
            Properties = Properties.SetItem(KeyProperty, key);
            (Cipher, Locked) = (source.Cipher, source.Locked);
        }
    }

    public void Restore(BlockMap map, Lineage lineage, ImmutableArray<Fork> forks, long highNumber, bool catchingUp)
    {
        (_map, _runs, _lastNumber, _forks, _highNumber, _catchingUp) =
            (map, lineage.Runs, lineage.LastNumber, forks, highNumber, catchingUp);
    }

    public void RestoreSnapshots(IEnumerable<Snapshot> snapshots) => Snapshots = [.. snapshots];

    public void Delete()
    {
        _deleted = true;
        foreach (var snapshot in Snapshots)
        {
            snapshot.Deleted = true;
        }
    }
}
