using Skerry.Blocks.Maps;

namespace Skerry.Blocks.Encryption;

/// <summary>Opens the keys of a store's encrypted volumes with the store's own.</summary>
internal sealed class StoreKeys(KeyHolder? holder)
{
    public static void Unlock(VolumeState volume, VolumeCipher cipher)
    {
        volume.Cipher = cipher;
        volume.Locked = false;
    }

    public WrappedKey Wrap(VolumeKey key, string volumeId) => holder?.Wrap(key) ?? throw new BlockException(
        BlockError.Locked, $"volume '{volumeId}' cannot be encrypted: the store was opened without a key of its own to wrap the volume's key for");

    public VolumeKey Open(WrappedKey wrapped, string volumeId) => holder?.Open(wrapped) ?? throw new BlockException(
        BlockError.Locked,
        $"volume '{volumeId}' cannot be made: its key {wrapped.KeyId} was wrapped for holder {wrapped.HolderId}, and this store's is {holder?.Id ?? "none"}");

    /// <summary>At the opening of the store. What cannot be opened stays locked, and is no reason not to open the rest.</summary>
    public void Unlock(IEnumerable<VolumeState> volumes)
    {
        // Clones share a cipher as they share blocks.
        var ciphers = new Dictionary<string, VolumeCipher>(StringComparer.Ordinal);
        foreach (var volume in volumes)
        {
            if (!volume.Properties.TryGetValue(VolumeState.KeyProperty, out var bytes))
            {
                continue;
            }

            volume.Locked = true;
            if (WrappedKey.Read(bytes) is not { } wrapped)
            {
                continue;
            }

            if (!ciphers.TryGetValue(wrapped.KeyId, out var cipher))
            {
                if (holder?.Open(wrapped) is not { } key)
                {
                    continue;
                }

                ciphers.Add(wrapped.KeyId, cipher = new VolumeCipher(key));
            }

            Unlock(volume, cipher);
        }
    }

    /// <summary>Why the volume is locked.</summary>
    public string Explain(VolumeState volume)
    {
        var wrapped = volume.Properties.TryGetValue(VolumeState.KeyProperty, out var bytes) ? WrappedKey.Read(bytes) : null;
        return wrapped is null ? "it is encrypted, and its wrapped key is of a kind that this version does not know; use a newer one"
            : holder is null ? $"it is encrypted with key {wrapped.KeyId}, wrapped for holder {wrapped.HolderId}; open the store with that holder's key"
            : holder.Id != wrapped.HolderId ? $"it is encrypted with key {wrapped.KeyId}, wrapped for holder {wrapped.HolderId}, and the store was opened with the key of holder {holder.Id}; open it with the right one"
            : $"it is encrypted with key {wrapped.KeyId}, and the wrapped key is damaged; restore the store from a copy, or the volume from its replica";
    }
}
