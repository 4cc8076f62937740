using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Skerry.Blocks.Encryption;

/// <summary>
/// One key of AES-256-GCM, derived from the volume's key and a salt, and the counter that gives its nonces. The counter lives in memory
/// alone and is never set back, so no nonce is given twice.
/// </summary>
internal sealed class Subkey
{
    private const int NonceBytes = 12;
    private readonly byte[] _key = GC.AllocateUninitializedArray<byte>(VolumeKey.Bytes, pinned: true);

    // The platform's AesGcm is for one thread at a time.
    private readonly AesGcm?[] _idle = new AesGcm?[8];
    private long _given;

    public Subkey(VolumeKey key, Salt salt)
    {
        Salt = salt;
        Span<byte> bytes = stackalloc byte[Seal.SaltBytes];
        salt.Write(bytes);
        key.Derive(bytes, _key);
    }

    public Salt Salt { get; }

    /// <summary>Reserves nonces for that many blocks; false once fewer than that are left below <paramref name="limit"/>.</summary>
    public bool TryReserve(int blocks, long limit, out uint first)
    {
        // What is reserved beyond the limit is lost, and the subkey with it.
        var end = Interlocked.Add(ref _given, blocks);
        first = unchecked((uint)(end - blocks));
        return end <= limit;
    }

    public void Encrypt(long block, uint counter, ReadOnlySpan<byte> plain, Span<byte> cipher, Span<byte> tag)
    {
        Span<byte> nonce = stackalloc byte[NonceBytes], place = stackalloc byte[sizeof(long)];
        Prepare(block, counter, nonce, place);
        var aes = Rent();
        aes.Encrypt(nonce, plain, cipher, tag, place);
        Return(aes);
    }

    /// <summary>False when the bytes are not what was encrypted as this block; they are zeroes then.</summary>
    public bool TryDecrypt(long block, uint counter, Span<byte> bytes, ReadOnlySpan<byte> tag)
    {
        Span<byte> nonce = stackalloc byte[NonceBytes], place = stackalloc byte[sizeof(long)];
        Prepare(block, counter, nonce, place);
        var aes = Rent();
        try
        {
            aes.Decrypt(nonce, bytes, tag, bytes, place);
            return true;
        }
        catch (AuthenticationTagMismatchException)
        {
            bytes.Clear();
            return false;
        }
        finally
        {
            Return(aes);
        }
    }

    private static void Prepare(long block, uint counter, Span<byte> nonce, Span<byte> place)
    {
        nonce.Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(nonce, counter);
        BinaryPrimitives.WriteInt64LittleEndian(place, block);
    }

    private AesGcm Rent()
    {
        for (var i = 0; i < _idle.Length; i++)
        {
            if (Volatile.Read(ref _idle[i]) is not null && Interlocked.Exchange(ref _idle[i], null) is { } aes)
            {
                return aes;
            }
        }

        return new AesGcm(_key, Seal.TagBytes);
    }

    private void Return(AesGcm aes)
    {
        for (var i = 0; i < _idle.Length; i++)
        {
            if (Volatile.Read(ref _idle[i]) is null && Interlocked.CompareExchange(ref _idle[i], aes, null) is null)
            {
                return;
            }
        }

        aes.Dispose();
    }
}
