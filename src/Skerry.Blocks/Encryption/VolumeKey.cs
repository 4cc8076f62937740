using System.Security.Cryptography;

namespace Skerry.Blocks.Encryption;

/// <summary>
/// The key of a volume's data at rest: 256 random bits, shared by all that shares its blocks (snapshots, clones, replicas). It is
/// stored only wrapped; see <see cref="WrappedKey"/>.
/// </summary>
public sealed class VolumeKey
{
    internal const int Bytes = 32, IdBytes = 16;
    private readonly byte[] _key;

    private VolumeKey(ReadOnlySpan<byte> key)
    {
        // Pinned, so that the collector leaves no copies behind.
        _key = GC.AllocateUninitializedArray<byte>(Bytes, pinned: true);
        key.CopyTo(_key);
        IdBits = HKDF.DeriveKey(HashAlgorithmName.SHA256, _key, IdBytes, info: "skerry volume key id"u8.ToArray());
        Id = Convert.ToHexStringLower(IdBits);
    }

    /// <summary>What names the key, and tells a wrong one; it says nothing of the key itself. 32 hexadecimal digits.</summary>
    public string Id { get; }

    internal byte[] IdBits { get; }

    internal ReadOnlySpan<byte> Secret => _key;

    /// <summary>A new key, of the platform's random numbers.</summary>
    public static VolumeKey Create()
    {
        Span<byte> key = stackalloc byte[Bytes];
        RandomNumberGenerator.Fill(key);
        var made = new VolumeKey(key);
        CryptographicOperations.ZeroMemory(key);
        return made;
    }

    /// <summary>The key of which these are the 32 bytes.</summary>
    internal static VolumeKey Of(ReadOnlySpan<byte> secret) => new(secret);

    /// <summary>The key under which the blocks of one opening are encrypted.</summary>
    internal void Derive(ReadOnlySpan<byte> salt, Span<byte> subkey) =>
        HKDF.DeriveKey(HashAlgorithmName.SHA256, _key, subkey, salt, "skerry block 1"u8);
}
