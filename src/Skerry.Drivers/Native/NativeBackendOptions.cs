using Skerry.Blocks;

namespace Skerry.Drivers.Native;

/// <summary>A backend with <c>volume_driver = native</c>.</summary>
/// <param name="Name">The section's name in the configuration.</param>
/// <param name="Directory">Where the store lies; <c>data_dir/backends/NAME</c> unless the configuration says otherwise.</param>
/// <param name="CapacityBytes">The most that its files may take; null leaves it to the file system.</param>
public sealed record NativeBackendOptions(string Name, string Directory, long? CapacityBytes = null)
{
    /// <summary>Opens the stores of all native backends; of several faults the first is thrown, and nothing stays open.</summary>
    /// <exception cref="BlockException">A directory is in use, damaged or cannot be written; the message names it.</exception>
    public static async ValueTask<BlockStoreSet> OpenAllAsync(
        IEnumerable<NativeBackendOptions> backends, TimeProvider time, CancellationToken cancellationToken)
    {
        var stores = new Dictionary<string, BlockStore>(StringComparer.Ordinal);
        try
        {
            foreach (var backend in backends)
            {
                var options = new BlockStoreOptions
                {
                    Directory = backend.Directory,
                    CapacityBytes = backend.CapacityBytes ?? 0,
                    TimeProvider = time,
                };
                stores.Add(backend.Name, await BlockStore.OpenAsync(options, cancellationToken));
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
}
