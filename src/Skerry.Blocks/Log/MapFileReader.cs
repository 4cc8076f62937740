namespace Skerry.Blocks.Log;

/// <summary>
/// Reads map files in windows, a bounded number of which it keeps. Nodes saved together lie together, so that each window serves many
/// nodes, however many checkpoints' nodes a map is made of.
/// </summary>
internal sealed class MapFileReader(IBackingStorage storage) : IDisposable
{
    private const int WindowBytes = 256 << 10, MostWindows = 64;
    private readonly Dictionary<long, IBackingFile> _files = [];
    private readonly Dictionary<(long File, long Window), byte[]> _windows = [];
    private readonly Queue<(long File, long Window)> _order = new();

    public ReadOnlySpan<byte> Read(long file, long offsetBytes, int lengthBytes)
    {
        var window = Window(file, offsetBytes / WindowBytes);
        var at = (int)(offsetBytes % WindowBytes);
        if (at + lengthBytes <= WindowBytes)
        {
            return window.AsSpan(at, lengthBytes);
        }

        var bytes = new byte[lengthBytes];
        window.AsSpan(at).CopyTo(bytes);
        Window(file, (offsetBytes / WindowBytes) + 1).AsSpan(0, at + lengthBytes - WindowBytes).CopyTo(bytes.AsSpan(WindowBytes - at));
        return bytes;
    }

    public void Dispose()
    {
        foreach (var file in _files.Values)
        {
            file.Dispose();
        }
    }

    private byte[] Window(long file, long window)
    {
        if (_windows.TryGetValue((file, window), out var bytes))
        {
            return bytes;
        }

        if (!_files.TryGetValue(file, out var open))
        {
            _files[file] = open = storage.Open(MapFile.NameOf(file));
        }

        if (_order.Count == MostWindows)
        {
            _windows.Remove(_order.Dequeue());
        }

        // Never filled anew: who still looks at an old one finds it as it was.
        bytes = GC.AllocateUninitializedArray<byte>(WindowBytes);
        open.Read(window * WindowBytes, bytes);
        _windows[(file, window)] = bytes;
        _order.Enqueue((file, window));
        return bytes;
    }
}
