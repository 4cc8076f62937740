namespace Skerry.Blocks.Tests.Model;

/// <content>Full disks, failing disks and rot.</content>
internal sealed partial class ModelRun
{
    private const long Roomy = 1L << 40;

    /// <summary>True while the disk may be full.</summary>
    private bool _tight;

    /// <summary>Refusals for want of space.</summary>
    public int Refusals { get; private set; }

    /// <summary>Carries a change out; false when there was no room for it, and then nothing has changed.</summary>
    private async Task<bool> FitsAsync(Func<ValueTask> changeAsync)
    {
        try
        {
            await changeAsync();
            return true;
        }
        catch (BlockException e) when (e.Error == BlockError.NoSpace && _tight)
        {
            Refusals++;
            Note("no space");
            return false;
        }
    }

    /// <summary>The disk fills up, or has room again.</summary>
    private void Squeeze()
    {
        _tight = !_tight;
        _storage.FreeBytes = _tight ? _chance.NextInt64(4 * SegmentBytes) : Roomy;
        Note(_tight ? $"{_storage.FreeBytes} bytes left" : "room again");
    }

    /// <summary>The disk fails under a change. Nothing is acknowledged from then on, and what a crash leaves is a state like any other.</summary>
    private async Task BreakAsync(BlockVolume volume, ModelVolume model)
    {
        if (_storage.AfterCrash is not null || _tight)
        {
            return;
        }

        var atWrite = _chance.Next(2) == 0;
        Note($"the disk fails at a {(atWrite ? "write" : "sync")}");
        (_storage.WritesFail, _storage.SyncsFail) = (atWrite, !atWrite);
        var value = new byte[] { 1 };
        await RequireIoFaultAsync(() => volume.SetPropertyAsync("p0", value, Ct));

        // The record may be there; nobody was told so.
        Became(model with { Properties = model.Properties.SetItem("p0", value) });
        (_storage.WritesFail, _storage.SyncsFail) = (false, false);
        await RequireIoFaultAsync(() => volume.SetPropertyAsync("p1", value, Ct));
        await RequireIoFaultAsync(() => volume.FlushAsync(Ct));
        if (_open.Contains(model.Id))
        {
            await RequireIoFaultAsync(() => volume.WriteAsync(0, value, WriteOptions.None, Ct));
        }

        await CheckAsync(volume, model);
        await CheckImagesAsync();
        var image = _storage.Crash(_chance);
        _storage.Boundary = null;
        await _store.DisposeAsync();
        await GoOnFromAsync(image, "a failed disk and a power cut");
    }

    private static async Task RequireIoFaultAsync(Func<ValueTask> changeAsync)
    {
        try
        {
            await changeAsync();
        }
        catch (BlockException e) when (e.Error == BlockError.Io)
        {
            return;
        }

        throw new InvalidDataException("a change was acknowledged on a disk that had failed");
    }

    /// <summary>
    /// One bit rots, mostly in what was written last, on a machine that stayed up. What was flushed is never cut: a block is right or a
    /// named error, or the store does not open and says which file it is.
    /// </summary>
    private async Task RotAsync()
    {
        if (_storage.AfterCrash is not null)
        {
            return;
        }

        var image = _storage.Kill();
        image.FreeBytes = Roomy;
        var files = image.List().Where(name => image.Bytes(name).AsSpan().ContainsAnyExcept((byte)0)).Order(StringComparer.Ordinal).ToArray();
        var segments = files.Where(name => name.EndsWith(Blocks.Log.Segment.Extension, StringComparison.Ordinal)).ToArray();
        var file = segments.Length > 0 && _chance.Next(2) == 0 ? segments[^1] : Pick(files);
        var bytes = image.Bytes(file);
        var used = Array.FindLastIndex(bytes, b => b != 0) + 1;
        var at = used - 1 - _chance.Next(Math.Min(used, 64 << 10));
        var bit = _chance.Next(8);
        bytes[at] ^= (byte)(1 << bit);
        Note($"rot of {file} at {at}.{bit}");
        BlockStore store;
        try
        {
            store = Open(image);
        }
        catch (BlockException e) when (e.Error is BlockError.Corrupt or BlockError.Refused)
        {
            Require(e.Message.Contains("memory", StringComparison.Ordinal), $"the fault does not name the store: {e.Message}");
            return;
        }

        await using (store)
        {
            await FindAsync(store, _history.Durable, $"rot of {file} at byte {at}, bit {bit},", damaged: true);
        }
    }
}
