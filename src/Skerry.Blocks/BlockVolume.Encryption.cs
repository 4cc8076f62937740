using System.Security.Cryptography;
using Skerry.Blocks.Encryption;
using Skerry.Blocks.Maps;

namespace Skerry.Blocks;

/// <content>Encryption at rest: whether, under which key, and for whom the key is wrapped.</content>
public sealed partial class BlockVolume
{
    /// <summary>True when the blocks are encrypted at rest; for ever, since it is chosen when the volume is made.</summary>
    public bool IsEncrypted => _state.Properties.ContainsKey(VolumeState.KeyProperty);

    /// <summary>
    /// True while the volume is encrypted and the store could not open its key: reading, writing and following fail with
    /// <see cref="BlockError.Locked"/>, which says why; all else works.
    /// </summary>
    public bool IsLocked => _state.Locked;

    /// <summary>Why it is locked; null when it is not.</summary>
    public string? WhyLocked => _state.Locked ? $"{_name}: {_parts.Keys.Explain(_state)}" : null;

    /// <summary>The key as it is stored here; null for a plain volume, or when it is of a kind unknown to this version.</summary>
    public WrappedKey? WrappedKey => _state.Properties.TryGetValue(VolumeState.KeyProperty, out var bytes) ? WrappedKey.Read(bytes) : null;

    /// <summary>Wraps the volume's key for another holder, so that a store of theirs can keep and open a copy.</summary>
    /// <param name="holder">Their public key, on P-256.</param>
    /// <exception cref="BlockException"><see cref="BlockError.Locked"/>, or <see cref="BlockError.Refused"/> for a plain volume.</exception>
    /// <exception cref="CryptographicException">The key is not on P-256.</exception>
    public WrappedKey WrapKeyFor(ECDsa holder)
    {
        RequireKey();
        return _state.Cipher is { } cipher ? WrappedKey.For(holder, cipher.Key) : throw Refused("it is not encrypted, so it has no key");
    }

    /// <summary>
    /// What makes of its blocks the bytes that a site keeps which must not read them. The caller's own.
    /// </summary>
    /// <exception cref="BlockException"><see cref="BlockError.Locked"/>, or <see cref="BlockError.Refused"/> for a plain volume.</exception>
    public OutsideCipher OpenOutsideCipher()
    {
        RequireKey();
        return _state.Cipher is { } cipher ? OutsideCipher.Of(cipher.Key) : throw Refused("it is not encrypted, so it has no key");
    }

    private void RequireKey()
    {
        if (_state.Locked)
        {
            throw new BlockException(BlockError.Locked, $"{_name}: {_parts.Keys.Explain(_state)}");
        }
    }
}
