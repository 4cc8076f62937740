using System.Collections.Immutable;
using Skerry.Blocks.Tests.Log;

namespace Skerry.Blocks.Tests;

/// <summary>
/// Random operations on a store and on a model of it, with power cuts, kills and clean restarts between and inside of them. After each
/// the store must be a state that the model was in, from the last one known durable on. Everything follows from one seed.
/// </summary>
internal sealed class ModelRun
{
    private const int MaxVolumes = 4, MaxSnapshots = 4;
    private const int MaxWriteBytes = 16 * 4096;
    private readonly int _seed;
    private readonly Random _chance;
    private readonly Dictionary<Lineage, ModelDisk> _states = [];
    private readonly Dictionary<(ulong RunId, long Number), NumberedWrite> _writes = [];
    private readonly Dictionary<string, List<(Lineage Lineage, ModelDisk Disk)>> _past = [];
    private readonly Dictionary<string, WriteTap> _taps = [];
    private readonly List<string> _trail = [];
    private readonly HashSet<string> _open = [];
    private FaultyStorage _storage = new();
    private BlockStore _store = null!;
    private ModelStore _model = ModelStore.Empty;
    private List<ModelStore> _since = [];
    private int _names;

    public ModelRun(int seed) => (_seed, _chance) = (seed, new Random(seed));

    public int Crashes { get; private set; }

    private static CancellationToken Ct => CancellationToken.None;

    public async Task RunAsync(int steps)
    {
        try
        {
            _store = Open(_storage);
            _since = [_model];
            ArmCrash();
            for (var i = 0; i < steps; i++)
            {
                await StepAsync();
                await AfterStepAsync();
            }

            await RestartAsync();
            await _store.DisposeAsync();
        }
        catch (Exception e) when (e is not InvalidProgramException)
        {
            throw new InvalidOperationException(
                $"seed {_seed}, after: {string.Join("; ", _trail.TakeLast(25))}: {e.Message}", e);
        }
    }

    private static BlockStore Open(FaultyStorage storage) => BlockStore.Open(
        new BlockStoreOptions { Directory = "memory", SegmentBytes = 256 << 10, CheckpointBytes = 1 << 20 }, storage, background: false);

    private void Note(string what) => _trail.Add(what);

    private void ArmCrash() => _storage.CrashAfter(_chance.Next(1, 120), new Random(_chance.Next()));

    private void Became(ModelStore model)
    {
        _model = model;
        _since.Add(model);
    }

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
            _since = [_model];
        }
    }

    /// <summary>All that was done to this volume is durable, and so is what came before that.</summary>
    private void Durable(string id)
    {
        if (_storage.AfterCrash is null)
        {
            var first = _since.FindIndex(state => state.Volumes.TryGetValue(id, out var volume) && ReferenceEquals(volume, _model[id]));
            _since.RemoveRange(0, first);
        }
    }

    private async Task AfterStepAsync()
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

        if (_storage.AfterCrash is { } image)
        {
            Crashes++;
            await _store.DisposeAsync();
            _storage = image;
            Reopen("power cut");
            var differences = new List<string>();
            for (var i = _since.Count - 1; i >= 0; i--)
            {
                if (await _since[i].DifferenceTo(_store) is not { } difference)
                {
                    _model = _since[i];
                    _since = [_model];
                    _past.Clear();
                    Note($"went back {differences.Count} of {differences.Count + i}");
                    ArmCrash();
                    return;
                }

                differences.Add(difference);
            }

            Require(false, $"no state of {_since.Count} is what was found: newest first: {string.Join(" | ", differences)}");
        }
    }

    private void Reopen(string how)
    {
        Note(how);
        _store = Open(_storage);
        _open.Clear();
        _taps.Clear();
    }

    private async Task RestartAsync()
    {
        var kill = _chance.Next(2) == 0;
        var image = _storage.AfterCrash;
        if (image is not null)
        {
            return;
        }

        if (kill)
        {
            image = _storage.Kill();
            await _store.DisposeAsync();
            _storage = image;
        }
        else
        {
            await _store.DisposeAsync();
            if (_storage.AfterCrash is not null)
            {
                return;
            }

            var old = _storage;
            _storage = old.Kill();
        }

        Reopen(kill ? "kill" : "restart");
        Require(await _model.DifferenceTo(_store) is not { } difference ? null : difference);
        _since = [_model];
        ArmCrash();
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
        switch (_chance.Next(100))
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
                Note($"delete {id}");
                await _store.DeleteAsync(id, Ct);
                _open.Remove(id);
                _taps.Remove(id);
                Became(new ModelStore(_model.Volumes.Remove(id)));
                AllDurable();
                break;
            case < 80:
                await CatchUpAsync(volume, model);
                break;
            case < 88:
                await ApplyAsync(volume, model);
                break;
            case < 91:
                Note("checkpoint");
                await _store.CheckpointAsync();
                AllDurable();
                break;
            case < 92:
                await RestartAsync();
                break;
            default:
                await CheckAsync(volume, model);
                break;
        }
    }

    private async Task CreateAsync()
    {
        var id = $"v{_names++}";
        var size = 512L * _chance.Next(1, 64 * 8);
        Note($"create {id} {size}");
        await _store.CreateAsync(id, size, Ct);
        Became(new ModelVolume(id, size, ModelDisk.Empty, Lineage.Empty, false));
        AllDurable();
    }

    private async Task BeginAsync(BlockVolume volume, ModelVolume model)
    {
        var generation = (model.Lineage.Runs.Count == 0 ? 0 : model.Lineage.Runs[^1].Generation) + _chance.Next(2);
        var run = await volume.BeginRunAsync(generation, Ct);
        Note($"begin {model.Id}: {run}");
        Require(run.FirstNumber == model.Lineage.LastNumber + 1, "the run does not go on from the last number");
        _open.Add(model.Id);
        Became(model with { Lineage = new Lineage([.. model.Lineage.Runs, run], model.Lineage.LastNumber) });
        AllDurable();
        _taps[model.Id] = await volume.OpenTapAsync(1 << 30, Ct);
    }

    private async Task WriteAsync(BlockVolume volume, ModelVolume model)
    {
        var (offset, length) = Range(model.Size);
        var options = (_chance.Next(12) == 0 ? WriteOptions.ForceUnitAccess : 0) | (_chance.Next(4) == 0 ? WriteOptions.KeepAllocated : 0);
        switch (_chance.Next(6))
        {
            case 0:
                Note($"trim {model.Id} {offset}+{length}");
                await volume.TrimAsync(offset, length, options, Ct);
                var from = (offset + 4095) / 4096 * 4096;
                var to = offset + length == model.Size ? model.Size : (offset + length) / 4096 * 4096;
                if (to > from)
                {
                    Became(model.Wrote(model.Disk.Write(from, new byte[to - from])));
                }

                break;
            case 1:
                Note($"zero {model.Id} {offset}+{length}");
                await volume.WriteZeroesAsync(offset, length, options, Ct);
                ZeroesModel(model, offset, length);
                break;
            default:
                Note($"write {model.Id} {offset}+{length} {options}");
                var data = Data(length);
                await volume.WriteAsync(offset, data, options, Ct);
                if (length > 0)
                {
                    Became(model.Wrote(model.Disk.Write(offset, data)));
                }

                break;
        }

        Require(volume.Lineage.Equals(_model[model.Id].Lineage), $"the volume is at {volume.Lineage}, the model at {_model[model.Id].Lineage}");
        if ((options & WriteOptions.ForceUnitAccess) != 0)
        {
            Durable(model.Id);
        }
    }

    /// <summary>As the volume cuts it: ragged head, whole blocks, ragged tail, each a write of its own.</summary>
    private void ZeroesModel(ModelVolume model, long offset, long length)
    {
        var end = offset + length;
        var wholeFrom = (offset + 4095) / 4096 * 4096;
        var wholeTo = end == model.Size ? end : end / 4096 * 4096;
        var parts = wholeFrom >= wholeTo ? [(offset, end)] : new[] { (offset, wholeFrom), (wholeFrom, wholeTo), (wholeTo, end) };
        foreach (var (from, to) in parts)
        {
            if (to > from)
            {
                model = model.Wrote(model.Disk.Write(from, new byte[to - from]));
                Became(model);
            }
        }
    }

    private async Task SnapshotAsync(BlockVolume volume, ModelVolume model)
    {
        if (model.Snapshots.Count < MaxSnapshots && !model.CatchingUp)
        {
            var id = $"s{_names++}";
            Note($"snapshot {model.Id} {id}");
            var info = await volume.CreateSnapshotAsync(id, Ct);
            Require(info.Lineage.Equals(model.Lineage), "the snapshot is not at the volume's position");
            Became(model with { Snapshots = model.Snapshots.Add(new ModelSnapshot(id, model.Lineage, model.Disk, model.Size)) });
            AllDurable();
        }
    }

    private async Task DeleteSnapshotAsync(BlockVolume volume, ModelVolume model)
    {
        if (model.Snapshots.Count > 0)
        {
            var snapshot = Pick(model.Snapshots);
            Note($"delete snapshot {model.Id} {snapshot.Id}");
            await volume.DeleteSnapshotAsync(snapshot.Id, Ct);
            Became(model with { Snapshots = model.Snapshots.Remove(snapshot) });
            AllDurable();
        }
    }

    private async Task RevertAsync(BlockVolume volume, ModelVolume model)
    {
        if (model.Snapshots.Count > 0 && !_open.Contains(model.Id))
        {
            var snapshot = Pick(model.Snapshots);
            Note($"revert {model.Id} {snapshot.Id}");
            await volume.RevertToSnapshotAsync(snapshot.Id, Ct);
            Became(model with { Disk = snapshot.Disk, Lineage = snapshot.Lineage, CatchingUp = false });
            AllDurable();
        }
    }

    private async Task PropertyAsync(BlockVolume volume, ModelVolume model)
    {
        var name = $"p{_chance.Next(3)}";
        Note($"property {model.Id} {name}");
        if (_chance.Next(4) == 0)
        {
            await volume.RemovePropertyAsync(name, Ct);
            Became(model with { Properties = model.Properties.Remove(name) });
        }
        else
        {
            var value = new byte[_chance.Next(_chance.Next(2) == 0 ? 20 : 9000)];
            _chance.NextBytes(value);
            await volume.SetPropertyAsync(name, value, Ct);
            Became(model with { Properties = model.Properties.SetItem(name, value) });
        }

        AllDurable();
    }

    private async Task ExtendAsync(BlockVolume volume, ModelVolume model)
    {
        var size = model.Size + (512L * _chance.Next(0, 40));
        Note($"extend {model.Id} {size}");
        await volume.ExtendAsync(size, Ct);
        Became(model with { Size = size });
        AllDurable();
    }

    private async Task CloneAsync(ModelVolume model)
    {
        var snapshot = model.Snapshots.Count > 0 && (model.CatchingUp || _chance.Next(2) == 0) ? Pick(model.Snapshots) : null;
        if (_model.Volumes.Count < MaxVolumes && (snapshot is not null || !model.CatchingUp))
        {
            var id = $"v{_names++}";
            Note($"clone {model.Id} {snapshot?.Id} as {id}");
            await _store.CloneAsync(id, model.Id, snapshot?.Id, Ct);
            Became(new ModelVolume(id, snapshot?.Size ?? model.Size, snapshot?.Disk ?? model.Disk, snapshot?.Lineage ?? model.Lineage, false));
            AllDurable();
        }
    }

    /// <summary>Makes the volume equal to another one (or to its snapshot) by what changed at both; or stops half way.</summary>
    private async Task CatchUpAsync(BlockVolume target, ModelVolume model)
    {
        var sources = _model.Volumes.Values.Where(v => v.Id != model.Id && !v.CatchingUp && v.Size <= model.Size).ToArray();
        if (sources.Length == 0 || _open.Contains(model.Id))
        {
            return;
        }

        var sourceModel = Pick(sources);
        var snapshot = sourceModel.Snapshots.Count > 0 && _chance.Next(2) == 0 ? Pick(sourceModel.Snapshots) : null;
        var source = await _store.OpenAsync(sourceModel.Id, Ct);
        IBlockDevice device = snapshot is null ? source : source.OpenSnapshot(snapshot.Id);
        var (lineage, disk) = snapshot is null ? (sourceModel.Lineage, sourceModel.Disk) : (snapshot.Lineage, snapshot.Disk);
        var common = Lineage.CommonNumber(model.Lineage, lineage);
        var byNumber = _chance.Next(2) == 0;
        Note($"catch up {model.Id} from {sourceModel.Id} {snapshot?.Id}, common {common}, by number {byNumber}");

        // What may differ: what changed here or there since the state in common. Once a catch-up has begun, that is still so.
        var ranges = byNumber
            ? target.ChangedSince(common).Concat(source.ChangedSince(common, snapshot?.Id))
            : target.ChangedSince(lineage).Concat(source.ChangedSince(model.Lineage, snapshot?.Id));
        var stops = _chance.Next(5) == 0;
        foreach (var range in ranges)
        {
            if (stops && _chance.Next(4) == 0)
            {
                return;
            }

            for (var offset = range.OffsetBytes; offset < range.OffsetBytes + range.LengthBytes; offset += MaxWriteBytes)
            {
                var length = (int)Math.Min(MaxWriteBytes, range.OffsetBytes + range.LengthBytes - offset);
                var wanted = disk.Read(offset, length);
                var inSource = (int)Math.Min(length, Math.Max(0, device.SizeBytes - offset));
                var read = new byte[length];
                await device.ReadAsync(Math.Min(offset, device.SizeBytes), read.AsMemory(0, inSource), Ct);
                Require(read.AsSpan().SequenceEqual(wanted), "the source does not read as its model");
                if (_chance.Next(3) == 0 && wanted.AsSpan().SequenceEqual(_model[model.Id].Disk.Read(offset, length)))
                {
                    // Equal ones stay.
                    continue;
                }

                if (!wanted.AsSpan().ContainsAnyExcept((byte)0))
                {
                    await target.PutHoleAsync(offset, length, lineage.LastNumber, Ct);
                }
                else
                {
                    await target.PutAsync(offset, read, lineage.LastNumber, Ct);
                }

                var now = _model[model.Id];
                Became(now with { Disk = now.Disk.Write(offset, wanted), CatchingUp = true });
            }
        }

        await target.AdoptLineageAsync(lineage, Ct);
        var last = _model[model.Id];
        if (await ModelStore.Difference(target, disk) is { } difference)
        {
            Require(false, $"the catch-up missed a change: {difference}");
        }

        Became(last with { Disk = disk, Lineage = lineage, CatchingUp = false });
        AllDurable();
    }

    /// <summary>Follows another volume by its numbered writes.</summary>
    private async Task ApplyAsync(BlockVolume target, ModelVolume model)
    {
        var sources = _model.Volumes.Values.Where(v =>
            v.Id != model.Id && !v.CatchingUp && v.Size <= model.Size && model.Lineage.IsPrefixOf(v.Lineage)
            && v.Lineage.LastNumber > model.Lineage.LastNumber && v.Lineage.Runs.Take(model.Lineage.Runs.Count).SequenceEqual(model.Lineage.Runs)).ToArray();
        if (sources.Length == 0 || _open.Contains(model.Id) || model.CatchingUp)
        {
            return;
        }

        var source = Pick(sources);
        var next = model.Lineage.LastNumber + 1;
        var runIndex = source.Lineage.Runs.ToList().FindLastIndex(run => run.FirstNumber <= next);
        var run = source.Lineage.Runs[runIndex];
        var runs = source.Lineage.Runs.Take(runIndex + 1).ToArray();
        var lastOfRun = runIndex + 1 < source.Lineage.Runs.Count ? source.Lineage.Runs[runIndex + 1].FirstNumber - 1 : source.Lineage.LastNumber;

        // A run of no writes is in the history only if it was followed in its time.
        if (runs.Length > model.Lineage.Runs.Count + 1 || lastOfRun < next)
        {
            return;
        }

        var writes = new List<NumberedWrite>();
        while (next <= lastOfRun && writes.Count < 10 && _writes.TryGetValue((run.RunId, next), out var write)
            && write.OffsetBytes + write.LengthBytes <= model.Size && _states.ContainsKey(new Lineage(runs, next)))
        {
            writes.Add(write);
            next++;
        }

        if (writes.Count == 0)
        {
            return;
        }

        Note($"apply {writes[0].Number}..{writes[^1].Number} of {source.Id} to {model.Id}");
        await target.ApplyAsync(run, writes, Ct);
        if (runs.Length > model.Lineage.Runs.Count)
        {
            Became(model with { Lineage = new Lineage(runs, model.Lineage.LastNumber) });
        }

        foreach (var write in writes)
        {
            var lineage = new Lineage(runs, write.Number);
            Became(_model[model.Id] with { Lineage = lineage, Disk = _states[lineage] });
        }
    }

    private async Task CheckAsync(BlockVolume volume, ModelVolume model)
    {
        var (offset, length) = Range(model.Size);
        var read = new byte[length];
        await volume.ReadAsync(offset, read, Ct);
        Require(read.AsSpan().SequenceEqual(model.Disk.Read(offset, length)), $"{model.Id} reads wrong at {offset}+{length}");
        foreach (var extent in volume.Extents(0, model.Size, int.MaxValue))
        {
            Require(
                extent.Allocated || !model.Disk.Read(extent.OffsetBytes, (int)extent.LengthBytes).AsSpan().ContainsAnyExcept((byte)0),
                $"{model.Id} has data in what it calls a hole");
        }

        if (model.CatchingUp)
        {
            return;
        }

        foreach (var (lineage, disk) in _states)
        {
            if (lineage.IsPrefixOf(model.Lineage) && _chance.Next(4) == 0)
            {
                RequireCovered(volume.ChangedSince(lineage), model, disk, $"since {lineage}");
                RequireCovered(volume.ChangedSince(lineage.LastNumber), model, disk, $"since number {lineage.LastNumber}, of {lineage}");
            }
        }

        // Also by a number that a revert or a catch-up has taken out of the history.
        foreach (var (lineage, disk) in _past.GetValueOrDefault(model.Id) ?? [])
        {
            if (_chance.Next(4) == 0)
            {
                RequireCovered(volume.ChangedSince(lineage.LastNumber), model, disk, $"since number {lineage.LastNumber}, of {lineage}");
            }
        }
    }

    private void RequireCovered(IReadOnlyList<ChangedRange> ranges, ModelVolume model, ModelDisk before, string since)
    {
        for (var block = 0; block * 4096L < model.Size; block++)
        {
            if (!before.SameBlock(model.Disk, block))
            {
                Require(
                    ranges.Any(range => range.OffsetBytes <= block * 4096L && block * 4096L < range.OffsetBytes + range.LengthBytes),
                    $"{model.Id} is at {model.Lineage}; block {block} changed {since}, and is not named");
            }
        }
    }

    private (long Offset, int Length) Range(long size)
    {
        var length = (int)Math.Min(size, _chance.Next(3) switch
        {
            0 => _chance.Next(0, 5000),
            1 => 4096 * _chance.Next(1, 8),
            _ => _chance.Next(1, MaxWriteBytes - 4096),
        });
        var offset = _chance.NextInt64(0, size - length + 1);
        return _chance.Next(2) == 0 ? (offset / 4096 * 4096, length) : (offset, length);
    }

    private byte[] Data(int length)
    {
        var data = new byte[length];
        _chance.NextBytes(data);
        if (_chance.Next(3) == 0)
        {
            // Stretches of zeroes, so that holes are found inside of writes.
            var from = _chance.Next(0, length + 1);
            data.AsSpan(from, _chance.Next(0, length - from + 1)).Clear();
        }

        return data;
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
