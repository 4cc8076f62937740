namespace Skerry.Blocks.Tests.Model;

/// <content>What must hold between crashes.</content>
internal sealed partial class ModelRun
{
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
}
