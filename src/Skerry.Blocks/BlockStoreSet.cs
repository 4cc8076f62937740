using System.Diagnostics.CodeAnalysis;

namespace Skerry.Blocks;

/// <summary>The open block stores of a site, by the name of their backend. It owns them.</summary>
public sealed class BlockStoreSet(IReadOnlyDictionary<string, BlockStore> stores) : IAsyncDisposable
{
    public IReadOnlyDictionary<string, BlockStore> All => stores;

    public bool TryFind(string backend, [NotNullWhen(true)] out BlockStore? store) => stores.TryGetValue(backend, out store);

    public async ValueTask DisposeAsync()
    {
        foreach (var store in stores.Values)
        {
            await store.DisposeAsync();
        }
    }
}
