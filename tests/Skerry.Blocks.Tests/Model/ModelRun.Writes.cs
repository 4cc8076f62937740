namespace Skerry.Blocks.Tests.Model;

/// <content>Reads, writes, trims and zeroes as a guest makes them.</content>
internal sealed partial class ModelRun
{
    private async Task WriteAsync(BlockVolume volume, ModelVolume model)
    {
        var (offset, length) = Range(model.Size);
        var how = (_chance.Next(12) == 0 ? WriteOptions.ForceUnitAccess : 0) | (_chance.Next(4) == 0 ? WriteOptions.KeepAllocated : 0);
        switch (_chance.Next(6))
        {
            case 0:
                Note($"trim {model.Id} {offset}+{length}");
                if (!await FitsAsync(() => volume.TrimAsync(offset, length, how, Ct)))
                {
                    return;
                }

                var from = (offset + 4095) / 4096 * 4096;
                var to = offset + length == model.Size ? model.Size : (offset + length) / 4096 * 4096;
                if (to > from)
                {
                    Became(model.Wrote(model.Disk.Write(from, new byte[to - from])));
                }

                break;
            case 1:
                Note($"zero {model.Id} {offset}+{length}");
                if (!await FitsAsync(() => volume.WriteZeroesAsync(offset, length, how, Ct)))
                {
                    await ZeroesInPartAsync(volume, model, offset, length);
                    return;
                }

                ZeroesModel(model, ZeroParts(model, offset, length));
                break;
            default:
                Note($"write {model.Id} {offset}+{length} {how}");
                var data = Data(length);
                if (!await FitsAsync(() => volume.WriteAsync(offset, data, how, Ct)))
                {
                    return;
                }

                if (length > 0)
                {
                    Became(model.Wrote(model.Disk.Write(offset, data)));
                }

                break;
        }

        Require(volume.Lineage.Equals(_model[model.Id].Lineage), $"the volume is at {volume.Lineage}, the model at {_model[model.Id].Lineage}");
        if ((how & WriteOptions.ForceUnitAccess) != 0)
        {
            Durable(model.Id);
        }
    }

    /// <summary>As the volume cuts it: ragged head, whole blocks, ragged tail, each a write of its own.</summary>
    private static (long From, long To)[] ZeroParts(ModelVolume model, long offset, long length)
    {
        var end = offset + length;
        var wholeFrom = (offset + 4095) / 4096 * 4096;
        var wholeTo = end == model.Size ? end : end / 4096 * 4096;
        var parts = wholeFrom >= wholeTo ? [(offset, end)] : new[] { (offset, wholeFrom), (wholeFrom, wholeTo), (wholeTo, end) };
        return [.. parts.Where(part => part.Item2 > part.Item1)];
    }

    private void ZeroesModel(ModelVolume model, IEnumerable<(long From, long To)> parts)
    {
        foreach (var (from, to) in parts)
        {
            model = model.Wrote(model.Disk.Write(from, new byte[to - from]));
            Became(model);
        }
    }

    /// <summary>
    /// For want of space some of the parts did not happen; each did whole or not at all. Content alone does not tell which, where there were
    /// zeroes before; then those did that are named as changed since the number before their own. What was never written need not be.
    /// </summary>
    private async Task ZeroesInPartAsync(BlockVolume volume, ModelVolume model, long offset, long length)
    {
        var parts = ZeroParts(model, offset, length);
        var choices = Enumerable.Range(0, 1 << parts.Length).Select(chosen => parts.Where((_, i) => (chosen & (1 << i)) != 0).ToArray());
        foreach (var done in choices.OrderBy(done => IsNamed(volume, model, done) ? 0 : 1))
        {
            var disk = done.Aggregate(model.Disk, (before, part) => before.Write(part.From, new byte[part.To - part.From]));
            if (volume.Lineage.LastNumber == model.Lineage.LastNumber + done.Length && await StoreComparison.DifferenceAsync(volume, disk) is null)
            {
                ZeroesModel(model, done);
                return;
            }
        }

        Require(false, $"{model.Id} is at {volume.Lineage} after zeroes that did not fit; before it was at {model.Lineage}");
    }

    private static bool IsNamed(BlockVolume volume, ModelVolume model, (long From, long To)[] done) => done.Select((part, i) => (part, i)).All(each =>
    {
        var ranges = volume.ChangedSince(model.Lineage.LastNumber + each.i);
        var (from, to) = each.part;
        return Enumerable.Range((int)(from / 4096), (int)(((to + 4095) / 4096) - (from / 4096))).All(block =>
            ranges.Any(range => range.OffsetBytes <= block * 4096L && block * 4096L < range.OffsetBytes + range.LengthBytes));
    });

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
}
