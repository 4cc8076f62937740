using Skerry.Blocks.Encryption;
using Skerry.Blocks.Log;

namespace Skerry.Blocks.Tests.Model;

/// <content>Volumes, runs, snapshots, clones, reverts, sizes and properties.</content>
internal sealed partial class ModelRun
{
    private async Task CreateAsync()
    {
        var id = $"v{_names++}";
        var size = 512L * _chance.Next(1, 64 * 8);
        var isEncrypted = _names % 2 == 0;
        Note($"create {id} {size}{(isEncrypted ? " encrypted" : "")}");
        if (!await FitsAsync(async () => _ = isEncrypted ? await _store.CreateAsync(id, size, VolumeKey.Create(), Ct) : await _store.CreateAsync(id, size, Ct)))
        {
            return;
        }

        Became(new ModelVolume(id, size, ModelDisk.Empty, Lineage.Empty, false));
        AllDurable();
    }

    private async Task DeleteAsync(string id)
    {
        Note($"delete {id}");
        if (await FitsAsync(() => _store.DeleteAsync(id, Ct)))
        {
            _open.Remove(id);
            _taps.Remove(id);
            Became(new ModelStore(_model.Volumes.Remove(id)));
            AllDurable();
        }
    }

    private async Task CheckpointAsync()
    {
        var saving = _chance.Next(2) == 0;
        Note(saving ? "checkpoint" : "mark");
        try
        {
            await (saving ? _store.CheckpointAsync() : _store.MarkAsync());
            AllDurable();
            while (_chance.Next(3) != 0 && await _store.CleanAsync(Ct))
            {
                Note("clean");
                Cleanings++;
            }
        }
        catch (Exception e) when (_tight && e is BackingFullException or BlockException { Error: BlockError.NoSpace or BlockError.Io })
        {
            // The checkpoint before is still there; whether the store itself goes on is for the steps to come to show.
            Note("no room for the maps");
        }
    }

    private async Task BeginAsync(BlockVolume volume, ModelVolume model)
    {
        var generation = (model.Lineage.Runs.Count == 0 ? 0 : model.Lineage.Runs[^1].Generation) + _chance.Next(2);
        var run = default(RunStart);
        if (!await FitsAsync(async () => run = await volume.BeginRunAsync(generation, Ct)))
        {
            return;
        }

        Note($"begin {model.Id}: {run}");
        Require(run.FirstNumber == model.Lineage.LastNumber + 1, "the run does not go on from the last number");
        _open.Add(model.Id);
        Became(model with { Lineage = new Lineage([.. model.Lineage.Runs, run], model.Lineage.LastNumber) });
        AllDurable();
        _taps[model.Id] = await volume.OpenTapAsync(1 << 30, Ct);
    }

    private async Task SnapshotAsync(BlockVolume volume, ModelVolume model)
    {
        if (model.Snapshots.Count < MaxSnapshots && !model.CatchingUp)
        {
            var id = $"s{_names++}";
            Note($"snapshot {model.Id} {id}");
            SnapshotInfo? info = null;
            if (!await FitsAsync(async () => info = await volume.CreateSnapshotAsync(id, Ct)))
            {
                return;
            }

            Require(info!.Lineage.Equals(model.Lineage), "the snapshot is not at the volume's position");
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
            if (!await FitsAsync(() => volume.DeleteSnapshotAsync(snapshot.Id, Ct)))
            {
                return;
            }

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
            if (!await FitsAsync(() => volume.RevertToSnapshotAsync(snapshot.Id, Ct)))
            {
                return;
            }

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
            if (!await FitsAsync(() => volume.RemovePropertyAsync(name, Ct)))
            {
                return;
            }

            Became(model with { Properties = model.Properties.Remove(name) });
        }
        else
        {
            var value = new byte[_chance.Next(_chance.Next(2) == 0 ? 20 : 9000)];
            _chance.NextBytes(value);
            if (!await FitsAsync(() => volume.SetPropertyAsync(name, value, Ct)))
            {
                return;
            }

            Became(model with { Properties = model.Properties.SetItem(name, value) });
        }

        AllDurable();
    }

    private async Task ExtendAsync(BlockVolume volume, ModelVolume model)
    {
        var size = model.Size + (512L * _chance.Next(0, 40));
        Note($"extend {model.Id} {size}");
        if (!await FitsAsync(() => volume.ExtendAsync(size, Ct)))
        {
            return;
        }

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
            if (!await FitsAsync(async () => await _store.CloneAsync(id, model.Id, snapshot?.Id, Ct)))
            {
                return;
            }

            Became(new ModelVolume(id, snapshot?.Size ?? model.Size, snapshot?.Disk ?? model.Disk, snapshot?.Lineage ?? model.Lineage, false));
            AllDurable();
        }
    }
}
