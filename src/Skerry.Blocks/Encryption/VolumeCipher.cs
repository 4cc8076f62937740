using System.Collections.Concurrent;
using System.Security.Cryptography;

namespace Skerry.Blocks.Encryption;

/// <summary>
/// Encrypts and decrypts the blocks of one volume, and of its clones, under its key. Any thread.
/// </summary>
/// <remarks>
/// No nonce is used twice under one subkey: the subkey is derived from 96 bits drawn at random by this object, which no other opening
/// of any store has, and the nonce is a counter that this object alone holds and never writes down. What a crash takes back, a catch-up
/// puts twice, or a replica applies again is encrypted anew, under another counter or another subkey.
/// </remarks>
internal sealed class VolumeCipher
{
    private const int MostKnown = 1024;
    private readonly ConcurrentDictionary<Salt, Subkey> _known = new();
    private readonly Lock _renewal = new();
    private readonly long _blocksPerSubkey;
    private volatile Subkey _writing;
    private volatile Subkey _lastRead;

    /// <param name="key">The volume's.</param>
    /// <param name="blocksPerSubkey">How many blocks are encrypted under one subkey: at most as many as its counter can tell apart.</param>
    public VolumeCipher(VolumeKey key, long blocksPerSubkey = 1L << 32)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(blocksPerSubkey, 1L << 32);
        (Key, _blocksPerSubkey) = (key, blocksPerSubkey);
        _writing = _lastRead = NewSubkey();
    }

    public VolumeKey Key { get; }

    /// <summary>Encrypts whole blocks that follow each other on the disk; each gets its seal of <see cref="Seal.Bytes"/>.</summary>
    public void Encrypt(long firstBlock, ReadOnlySpan<byte> plain, Span<byte> cipher, Span<byte> seals)
    {
        var blocks = plain.Length / Sizes.Block;
        var (subkey, counter) = Reserve(blocks);
        for (var i = 0; i < blocks; i++)
        {
            var seal = seals.Slice(i * Seal.Bytes, Seal.Bytes);
            Seal.Write(seal, subkey.Salt, counter + (uint)i);
            subkey.Encrypt(
                firstBlock + i, counter + (uint)i, plain.Slice(i * Sizes.Block, Sizes.Block), cipher.Slice(i * Sizes.Block, Sizes.Block),
                Seal.TagOf(seal));
        }
    }

    /// <summary>
    /// Decrypts one block in place. False when it is not what was encrypted under this key as this block of the disk; it is zeroes then.
    /// </summary>
    public bool TryDecrypt(long block, Span<byte> bytes, ReadOnlySpan<byte> seal) =>
        SubkeyOf(Seal.SaltOf(seal)).TryDecrypt(block, Seal.CounterOf(seal), bytes, Seal.TagOf(seal));

    /// <summary>
    /// Encrypts a block as the seal says that it was: to the same bytes, if the content is the same. False when it is not; then nothing
    /// of what was made may be kept, since another content would bear the same nonce.
    /// </summary>
    public bool TryEncryptAgain(long block, ReadOnlySpan<byte> plain, Span<byte> cipher, ReadOnlySpan<byte> seal)
    {
        Span<byte> tag = stackalloc byte[Seal.TagBytes];
        SubkeyOf(Seal.SaltOf(seal)).Encrypt(block, Seal.CounterOf(seal), plain, cipher, tag);
        if (CryptographicOperations.FixedTimeEquals(tag, Seal.TagOf(seal)))
        {
            return true;
        }

        cipher.Clear();
        return false;
    }

    private (Subkey Subkey, uint First) Reserve(int blocks)
    {
        while (true)
        {
            var subkey = _writing;
            if (subkey.TryReserve(blocks, _blocksPerSubkey, out var first))
            {
                return (subkey, first);
            }

            lock (_renewal)
            {
                if (_writing == subkey)
                {
                    _writing = NewSubkey();
                }
            }
        }
    }

    private Subkey SubkeyOf(Salt salt)
    {
        var last = _lastRead;
        if (last.Salt == salt)
        {
            return last;
        }

        if (!_known.TryGetValue(salt, out var subkey))
        {
            if (_known.Count >= MostKnown)
            {
                // A subkey that is still wanted is derived again: that takes microseconds.
                _known.Clear();
            }

            subkey = _known.GetOrAdd(salt, static (salt, key) => new Subkey(key, salt), Key);
        }

        return _lastRead = subkey;
    }

    private Subkey NewSubkey()
    {
        Span<byte> salt = stackalloc byte[Seal.SaltBytes];
        RandomNumberGenerator.Fill(salt);
        var subkey = new Subkey(Key, Salt.Read(salt));
        _known[subkey.Salt] = subkey;
        return subkey;
    }
}
