namespace Skerry.Blocks.Tests.Model;

/// <content>Following another volume: by its blocks, or by its numbered writes.</content>
internal sealed partial class ModelRun
{
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

                var (at, isHole) = (offset, !wanted.AsSpan().ContainsAnyExcept((byte)0));
                if (!await FitsAsync(() => isHole ? target.PutHoleAsync(at, length, lineage.LastNumber, Ct) : target.PutAsync(at, read, lineage.LastNumber, Ct)))
                {
                    return;
                }

                var now = _model[model.Id];
                Became(now with { Disk = now.Disk.Write(offset, wanted), CatchingUp = true });
            }
        }

        if (!await FitsAsync(() => target.AdoptLineageAsync(lineage, Ct)))
        {
            return;
        }

        var last = _model[model.Id];
        if (await StoreComparison.DifferenceAsync(target, disk) is { } difference)
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
        if (!await FitsAsync(() => target.ApplyAsync(run, writes, Ct)))
        {
            // From their start as many as there was room for, and perhaps the run alone.
            writes.RemoveAll(write => write.Number > target.Lineage.LastNumber);
            if (writes.Count == 0 && target.Lineage.Runs.Count == model.Lineage.Runs.Count)
            {
                return;
            }
        }

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
}
