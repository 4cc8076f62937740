using Skerry.Blocks;

namespace Skerry.Movers.Native;

/// <summary>Finds a volume among the backends by its id, which is the same wherever it lies.</summary>
internal static class VolumeLookup
{
    public static (string Backend, BlockStore Store)? FindVolume(this BlockStoreSet stores, string volumeId)
    {
        foreach (var (backend, store) in stores.All)
        {
            if (store.Find(volumeId) is not null)
            {
                return (backend, store);
            }
        }

        return null;
    }
}
