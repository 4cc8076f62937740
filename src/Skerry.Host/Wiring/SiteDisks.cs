using Skerry.Blocks;
using Skerry.Blocks.Encryption;
using Skerry.Host.Configuration;

namespace Skerry.Host.Wiring;

/// <summary>Opens the block stores of the configured backends.</summary>
internal static class SiteDisks
{
    public static async Task<BlockStoreSet> OpenAsync(SiteConfiguration site, KeyHolder keyHolder, CancellationToken cancellationToken)
    {
        var stores = new Dictionary<string, BlockStore>(StringComparer.Ordinal);
        try
        {
            foreach (var backend in site.Backends)
            {
                var options = new BlockStoreOptions { Directory = backend.Directory, CapacityBytes = backend.CapacityBytes ?? 0, KeyHolder = keyHolder };
                stores.Add(backend.Name, await OpenAsync(backend, options, cancellationToken));
            }

            return new BlockStoreSet(stores);
        }
        catch
        {
            foreach (var store in stores.Values)
            {
                await store.DisposeAsync();
            }

            throw;
        }
    }

    private static async Task<BlockStore> OpenAsync(BackendConfiguration backend, BlockStoreOptions options, CancellationToken cancellationToken)
    {
        try
        {
            Directory.CreateDirectory(backend.Directory);
            return await BlockStore.OpenAsync(options, cancellationToken);
        }
        catch (Exception e) when (e is BlockException or IOException or UnauthorizedAccessException)
        {
            throw new StartException($"backend [{backend.Name}] in {backend.Directory} cannot be opened: {e.Message}", e);
        }
    }
}
