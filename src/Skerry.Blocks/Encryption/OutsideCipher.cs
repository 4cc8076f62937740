using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Skerry.Blocks.Encryption;

/// <summary>
/// A volume's blocks as they are kept where nobody may read them: AES-256 in XTS mode (IEEE 1619), under two keys that are derived from
/// the volume's, with the number of the block as the tweak.
/// </summary>
/// <remarks>
/// <para>The same block of the same content is always the same bytes, whichever site that has the key makes them, so that copies are compared,
/// resumed and followed as plain ones are. So whoever holds them sees which blocks change, and when one is again what it was. Blocks of
/// zeroes stay zeroes, since what is not allocated can be seen anyway. Nothing proves that the bytes are what was handed out: that is
/// for those to check who take them back.</para>
/// <para>One thread at a time.</para>
/// </remarks>
public sealed class OutsideCipher : IDisposable
{
    private const int ChunkBytes = 16;
    private const int BlocksAtOnce = 64;

    private readonly Aes _data;
    private readonly Aes _tweak;

    internal OutsideCipher(ReadOnlySpan<byte> dataKey, ReadOnlySpan<byte> tweakKey) => (_data, _tweak) = (KeyOf(dataKey), KeyOf(tweakKey));

    internal static OutsideCipher Of(VolumeKey key)
    {
        Span<byte> derived = stackalloc byte[2 * VolumeKey.Bytes];
        HKDF.DeriveKey(HashAlgorithmName.SHA256, key.Secret, derived, default, "skerry outside 1"u8);
        var made = new OutsideCipher(derived[..VolumeKey.Bytes], derived[VolumeKey.Bytes..]);
        CryptographicOperations.ZeroMemory(derived);
        return made;
    }

    /// <summary>Encrypts in place what stands at that offset of the disk.</summary>
    /// <param name="offsetBytes">The beginning of a block.</param>
    /// <param name="bytes">Whole blocks.</param>
    public void Encrypt(long offsetBytes, Span<byte> bytes) => Transform(offsetBytes, bytes, isEncryption: true);

    /// <summary>Takes back what <see cref="Encrypt"/> did.</summary>
    public void Decrypt(long offsetBytes, Span<byte> bytes) => Transform(offsetBytes, bytes, isEncryption: false);

    public void Dispose()
    {
        _data.Dispose();
        _tweak.Dispose();
    }

    private static Aes KeyOf(ReadOnlySpan<byte> key)
    {
        var aes = Aes.Create();
        aes.Key = key.ToArray();
        return aes;
    }

    private void Transform(long offsetBytes, Span<byte> bytes, bool isEncryption)
    {
        if (offsetBytes % Sizes.Block != 0 || bytes.Length % Sizes.Block != 0)
        {
            throw new ArgumentException($"{bytes.Length} bytes at {offsetBytes} are not whole blocks.", nameof(bytes));
        }

        var mask = ArrayPool<byte>.Shared.Rent(BlocksAtOnce * Sizes.Block);
        try
        {
            while (!bytes.IsEmpty)
            {
                var now = bytes[..Math.Min(bytes.Length, BlocksAtOnce * Sizes.Block)];
                Transform(offsetBytes / Sizes.Block, now, mask.AsSpan(0, now.Length), isEncryption);
                offsetBytes += now.Length;
                bytes = bytes[now.Length..];
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(mask, clearArray: true);
        }
    }

    private void Transform(long firstBlock, Span<byte> bytes, Span<byte> mask, bool isEncryption)
    {
        var blocks = bytes.Length / Sizes.Block;
        Span<byte> tweaks = stackalloc byte[blocks * ChunkBytes];
        Span<bool> zeroes = stackalloc bool[blocks];
        tweaks.Clear();
        for (var i = 0; i < blocks; i++)
        {
            zeroes[i] = !Block(bytes, i).ContainsAnyExcept((byte)0);
            BinaryPrimitives.WriteInt64LittleEndian(tweaks[(i * ChunkBytes)..], firstBlock + i);
        }

        _tweak.EncryptEcb(tweaks, tweaks, PaddingMode.None);
        for (var i = 0; i < blocks; i++)
        {
            Fill(Block(mask, i), BinaryPrimitives.ReadUInt128LittleEndian(tweaks[(i * ChunkBytes)..]));
        }

        Xor(bytes, mask);
        if (isEncryption)
        {
            _data.EncryptEcb(bytes, bytes, PaddingMode.None);
        }
        else
        {
            _data.DecryptEcb(bytes, bytes, PaddingMode.None);
        }

        Xor(bytes, mask);
        for (var i = 0; i < blocks; i++)
        {
            if (zeroes[i])
            {
                Block(bytes, i).Clear();
            }
        }
    }

    private static Span<byte> Block(Span<byte> bytes, int index) => bytes.Slice(index * Sizes.Block, Sizes.Block);

    /// <summary>The tweak, times x, times x², and so on, in the field that XTS counts in.</summary>
    private static void Fill(Span<byte> mask, UInt128 tweak)
    {
        const byte Reduction = 0x87;
        for (var at = 0; at < mask.Length; at += ChunkBytes)
        {
            BinaryPrimitives.WriteUInt128LittleEndian(mask[at..], tweak);
            tweak = (tweak << 1) ^ ((tweak >> 127) * Reduction);
        }
    }

    private static void Xor(Span<byte> bytes, ReadOnlySpan<byte> mask)
    {
        var to = MemoryMarshal.Cast<byte, ulong>(bytes);
        var from = MemoryMarshal.Cast<byte, ulong>(mask);
        for (var i = 0; i < to.Length; i++)
        {
            to[i] ^= from[i];
        }
    }
}
