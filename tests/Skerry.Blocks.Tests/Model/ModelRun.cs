using System.Security.Cryptography;
using Skerry.Blocks.Encryption;
using Skerry.Blocks.Tests.Log;

namespace Skerry.Blocks.Tests.Model;

/// <summary>
/// Random operations on a store and on a model of it, with power cuts, kills and clean restarts between and inside of them. After each
/// the store must be a state that the model was in, from the last one known durable on. Everything follows from one seed.
/// </summary>
internal sealed partial class ModelRun(int seed, ModelRunOptions options)
{
    private const int MaxVolumes = 4, MaxSnapshots = 4;
    private const int MaxWriteBytes = 16 * 4096;
    private const int SegmentBytes = 256 << 10;
    private readonly int _seed = seed;
    private readonly Random _chance = new(seed);
    private readonly Dictionary<Lineage, ModelDisk> _states = [];
    private readonly Dictionary<(ulong RunId, long Number), NumberedWrite> _writes = [];
    private readonly Dictionary<string, List<(Lineage Lineage, ModelDisk Disk)>> _past = [];
    private readonly Dictionary<string, WriteTap> _taps = [];
    private readonly Queue<string> _trail = [];
    private readonly HashSet<string> _open = [];
    private readonly History _history = new();
    private FaultyStorage _storage = new();
    private BlockStore _store = null!;
    private int _names;

    /// <summary>Operations done.</summary>
    public int Steps { get; private set; }

    private static CancellationToken Ct => CancellationToken.None;

    private ModelStore _model => _history.Newest;

    public async Task RunAsync()
    {
        try
        {
            _store = Open(_storage);
            ArmCrash();
            for (Steps = 0; Steps < options.Steps; Steps++)
            {
                await StepAsync();
                await CheckImagesAsync();
                await ReadTapsAsync();
                await AfterPowerCutAsync();
                if (_storage.AfterCrash is null)
                {
                    _history.Settle();
                }
            }

            await RestartAsync();
            _storage.Boundary = null;
            await _store.DisposeAsync();
        }
        catch (Exception e)
        {
            throw new InvalidOperationException($"seed {_seed}{(options.EveryBoundary ? " at every boundary" : "")}, step {Steps}, after: {string.Join("; ", _trail)}: {e.Message}", e);
        }
    }

    private static readonly KeyHolder Holder = new(ECDsa.Create(ECCurve.NamedCurves.nistP256));

    private static BlockStore Open(FaultyStorage storage) => BlockStore.Open(
        new BlockStoreOptions { Directory = "memory", SegmentBytes = SegmentBytes, CheckpointBytes = 1 << 20, KeyHolder = Holder }, storage, background: false);

    private void Note(string what)
    {
        _trail.Enqueue(what);
        if (_trail.Count > 25)
        {
            _trail.Dequeue();
        }
    }

    private void Became(ModelStore model) => _history.Add(model);

    private void Became(ModelVolume volume)
    {
        Became(_model.With(volume));
        Remember(volume);
    }

    private void Remember(ModelVolume volume)
    {
        if (volume.CatchingUp)
        {
            return;
        }

        if (!_past.TryGetValue(volume.Id, out var past))
        {
            _past[volume.Id] = past = [];
        }

        past.Add((volume.Lineage, volume.Disk));
        if (_states.TryGetValue(volume.Lineage, out var known))
        {
            for (var i = 0; i < Math.Max(known.Blocks.Length, volume.Disk.Blocks.Length); i++)
            {
                Require(known.SameBlock(volume.Disk, i), $"{volume.Lineage} names two states");
            }
        }
        else
        {
            _states.Add(volume.Lineage, volume.Disk);
        }
    }

    /// <summary>All that the model did is durable.</summary>
    private void AllDurable()
    {
        if (_storage.AfterCrash is null)
        {
            _history.AllDurable();
        }
    }

    /// <summary>All that was done to this volume is durable, and so is what came before that.</summary>
    private void Durable(string id)
    {
        if (_storage.AfterCrash is null)
        {
            _history.VolumeDurable(id);
        }
    }

    private async Task ReadTapsAsync()
    {
        foreach (var (_, tap) in _taps)
        {
            while (tap.QueuedBytes > 0)
            {
                using var batch = await tap.ReadAsync(1 << 20, Ct);
                foreach (var write in batch!.Writes)
                {
                    _writes[(batch.Run.RunId, write.Number)] = write with { Data = write.Data.ToArray() };
                }
            }
        }
    }

    private async Task StepAsync()
    {
        if (_model.Volumes.Count == 0 || (_model.Volumes.Count < MaxVolumes && _chance.Next(25) == 0))
        {
            await CreateAsync();
            return;
        }

        var id = Pick(_model.Volumes.Keys.ToArray());
        var volume = await _store.OpenAsync(id, Ct);
        var model = _model[id];
        var isOpen = _open.Contains(id);
        switch (_chance.Next(107))
        {
            case < 45:
                if (isOpen)
                {
                    await WriteAsync(volume, model);
                }
                else if (!model.CatchingUp)
                {
                    await BeginAsync(volume, model);
                }

                break;
            case < 52:
                Note($"flush {id}");
                await volume.FlushAsync(Ct);
                Durable(id);
                break;
            case < 58:
                await SnapshotAsync(volume, model);
                break;
            case < 61:
                await DeleteSnapshotAsync(volume, model);
                break;
            case < 64:
                await RevertAsync(volume, model);
                break;
            case < 67:
                Note($"end {id}");
                await volume.EndRunAsync(Ct);
                _open.Remove(id);
                AllDurable();
                break;
            case < 70:
                await PropertyAsync(volume, model);
                break;
            case < 72:
                await ExtendAsync(volume, model);
                break;
            case < 74:
                await CloneAsync(model);
                break;
            case < 75:
                await DeleteAsync(id);
                break;
            case < 80:
                await CatchUpAsync(volume, model);
                break;
            case < 88:
                await ApplyAsync(volume, model);
                break;
            case < 91:
                await CheckpointAsync();
                break;
            case < 92:
                await RestartAsync();
                break;
            case < 100:
                await CheckAsync(volume, model);
                break;
            case < 102:
                Squeeze();
                break;
            case < 103:
                await BreakAsync(volume, model);
                break;
            default:
                await RotAsync();
                break;
        }
    }

    private T Pick<T>(IReadOnlyList<T> among) => among[_chance.Next(among.Count)];

    private static void Require(bool holds, string what)
    {
        if (!holds)
        {
            throw new InvalidDataException(what);
        }
    }

    private static void Require(string? fault) => Require(fault is null, fault ?? string.Empty);
}
