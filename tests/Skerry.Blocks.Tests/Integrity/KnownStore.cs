using Skerry.Blocks.Tests.Log;

namespace Skerry.Blocks.Tests.Integrity;

/// <summary>A store in memory with volumes, snapshots and clones that share blocks, and what each of them holds.</summary>
internal sealed class KnownStore
{
    public const int DiskBytes = 96 * 4096;
    private readonly Dictionary<(string Volume, string? Snapshot), byte[]> _contents = [];
    private readonly Random _chance;
    private BlockStore _store;

    private KnownStore(int seed)
    {
        _chance = new Random(seed);
        _store = Open(Storage);
    }

    public FaultyStorage Storage { get; private set; } = new();

    public IReadOnlyDictionary<(string Volume, string? Snapshot), byte[]> Contents => _contents;

    /// <param name="closed">False for a store whose process was killed after a flush.</param>
    public static async Task<KnownStore> MakeAsync(int seed, bool closed, CancellationToken cancellationToken)
    {
        var known = new KnownStore(seed);
        await known.BuildAsync(closed, cancellationToken);
        return known;
    }

    public static BlockStore Open(FaultyStorage storage) => BlockStore.Open(
        new BlockStoreOptions { Directory = "memory", SegmentBytes = 256 << 10, CheckpointBytes = 1 << 20 }, storage, background: false);

    private async Task BuildAsync(bool closed, CancellationToken cancellationToken)
    {
        await _store.CreateAsync("one", DiskBytes, cancellationToken);
        await _store.CreateAsync("two", DiskBytes, cancellationToken);
        foreach (var id in new[] { "one", "two" })
        {
            _contents[(id, null)] = new byte[DiskBytes];
            await (await _store.OpenAsync(id, cancellationToken)).BeginRunAsync(1, cancellationToken);
        }

        await WriteAsync("one", 20, cancellationToken);
        await WriteAsync("two", 10, cancellationToken);
        await SnapshotAsync("one", "first", cancellationToken);
        await CloneAsync("clone", "one", "first", cancellationToken);
        if (_chance.Next(2) == 0)
        {
            await _store.CheckpointAsync();
        }

        await WriteAsync("one", 10, cancellationToken);
        await WriteAsync("clone", 10, cancellationToken);
        await SnapshotAsync("clone", "second", cancellationToken);
        await WriteAsync("clone", 5, cancellationToken);
        if (_chance.Next(2) == 0)
        {
            await _store.CheckpointAsync();
        }

        await WriteAsync("two", 5, cancellationToken);
        await (await _store.OpenAsync("two", cancellationToken)).FlushAsync(cancellationToken);
        var killed = Storage.Kill();
        await _store.DisposeAsync();
        Storage = closed ? Storage.Kill() : killed;
    }

    private async Task WriteAsync(string id, int writes, CancellationToken cancellationToken)
    {
        var volume = await _store.OpenAsync(id, cancellationToken);
        var content = _contents[(id, null)];
        for (var i = 0; i < writes; i++)
        {
            var offset = _chance.Next(DiskBytes);
            var length = _chance.Next(1, Math.Min(40_000, DiskBytes - offset) + 1);
            if (_chance.Next(6) == 0)
            {
                await volume.WriteZeroesAsync(offset, length, WriteOptions.None, cancellationToken);
                content.AsSpan(offset, length).Clear();
            }
            else
            {
                _chance.NextBytes(content.AsSpan(offset, length));
                await volume.WriteAsync(offset, content.AsMemory(offset, length), WriteOptions.None, cancellationToken);
            }
        }
    }

    private async Task SnapshotAsync(string id, string snapshot, CancellationToken cancellationToken)
    {
        await (await _store.OpenAsync(id, cancellationToken)).CreateSnapshotAsync(snapshot, cancellationToken);
        _contents[(id, snapshot)] = [.. _contents[(id, null)]];
    }

    private async Task CloneAsync(string id, string source, string snapshot, CancellationToken cancellationToken)
    {
        var clone = await _store.CloneAsync(id, source, snapshot, cancellationToken);
        await clone.BeginRunAsync(2, cancellationToken);
        _contents[(id, null)] = [.. _contents[(source, snapshot)]];
    }
}
