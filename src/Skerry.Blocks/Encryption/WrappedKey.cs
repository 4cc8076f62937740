using System.Security.Cryptography;

namespace Skerry.Blocks.Encryption;

/// <summary>
/// A volume's key as only one holder can open it: encrypted with AES-256-GCM under a key agreed between the holder's P-256 key and one
/// that was made for this and thrown away (ECDH, then HKDF-SHA256). docs/formats/volume.md has the bytes.
/// </summary>
public sealed class WrappedKey
{
    internal const int PointBytes = 65;
    private const byte Version = 1;
    private const int KeyIdAt = 1, HolderAt = KeyIdAt + VolumeKey.IdBytes, PointAt = HolderAt + KeyHolder.IdBytes, CipherAt = PointAt + PointBytes,
        TagAt = CipherAt + VolumeKey.Bytes, TotalBytes = TagAt + 16;

    private readonly byte[] _bytes;

    private WrappedKey(byte[] bytes) => _bytes = bytes;

    /// <summary>As it is stored.</summary>
    public ReadOnlyMemory<byte> Bytes => _bytes;

    /// <summary>The <see cref="VolumeKey.Id"/> of the key inside.</summary>
    public string KeyId => Convert.ToHexStringLower(_bytes.AsSpan(KeyIdAt, VolumeKey.IdBytes));

    /// <summary>The <see cref="KeyHolder.Id"/> of who can open it.</summary>
    public string HolderId => Convert.ToHexStringLower(_bytes.AsSpan(HolderAt, KeyHolder.IdBytes));

    internal ReadOnlySpan<byte> Point => _bytes.AsSpan(PointAt, PointBytes);

    /// <summary>Wraps the key for the holder of the private half of <paramref name="holder"/>.</summary>
    /// <exception cref="CryptographicException">It is not a key on P-256.</exception>
    public static WrappedKey For(ECDsa holder, VolumeKey key)
    {
        ArgumentNullException.ThrowIfNull(holder);
        ArgumentNullException.ThrowIfNull(key);
        using var other = ECDiffieHellman.Create(holder.ExportParameters(false));
        if (other.KeySize != 256)
        {
            throw new CryptographicException($"a volume's key is wrapped for keys on P-256, and this one has {other.KeySize} bits");
        }

        using var ours = ECDiffieHellman.Create(ECCurve.NamedCurves.nistP256);
        var bytes = new byte[TotalBytes];
        bytes[0] = Version;
        key.IdBits.CopyTo(bytes, KeyIdAt);
        KeyHolder.IdOf(holder).CopyTo(bytes, HolderAt);
        var point = ours.ExportParameters(false).Q;
        bytes[PointAt] = 4;
        point.X!.CopyTo(bytes, PointAt + 1);
        point.Y!.CopyTo(bytes, PointAt + 33);
        using var aes = CipherOf(ours, other.PublicKey);
        aes.Encrypt(Nonce, key.Secret, bytes.AsSpan(CipherAt, VolumeKey.Bytes), bytes.AsSpan(TagAt), bytes.AsSpan(0, CipherAt));
        return new WrappedKey(bytes);
    }

    /// <summary>Null when the bytes are no wrapped key of a version that is known here.</summary>
    public static WrappedKey? Read(ReadOnlySpan<byte> bytes) =>
        bytes.Length == TotalBytes && bytes[0] == Version && bytes[PointAt] == 4 ? new WrappedKey(bytes.ToArray()) : null;

    /// <summary>Null when the text is no wrapped key of a version that is known here. See <see cref="ToString"/>.</summary>
    public static WrappedKey? Parse(string text)
    {
        var bytes = new byte[TotalBytes];
        return Convert.TryFromBase64String(text, bytes, out var length) ? Read(bytes.AsSpan(0, length)) : null;
    }

    /// <summary>Whether the holder of the private half of that key can open it.</summary>
    public bool IsFor(ECDsa holder) => KeyHolder.IdOf(holder).AsSpan().SequenceEqual(_bytes.AsSpan(HolderAt, KeyHolder.IdBytes));

    /// <summary>As text: its bytes in base64.</summary>
    public override string ToString() => Convert.ToBase64String(_bytes);

    internal VolumeKey? Open(ECDiffieHellman own)
    {
        Span<byte> secret = stackalloc byte[VolumeKey.Bytes];
        try
        {
            var point = new ECPoint { X = Point[1..33].ToArray(), Y = Point[33..].ToArray() };
            using var theirs = ECDiffieHellman.Create(new ECParameters { Curve = ECCurve.NamedCurves.nistP256, Q = point });
            using var aes = CipherOf(own, theirs.PublicKey);
            aes.Decrypt(Nonce, _bytes.AsSpan(CipherAt, VolumeKey.Bytes), _bytes.AsSpan(TagAt), secret, _bytes.AsSpan(0, CipherAt));
            var key = VolumeKey.Of(secret);
            return key.Id == KeyId ? key : null;
        }
        catch (CryptographicException)
        {
            return null;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(secret);
        }
    }

    /// <summary>Used once per agreed key, so one nonce does.</summary>
    private static ReadOnlySpan<byte> Nonce => "skerry wrap1"u8;

    private static AesGcm CipherOf(ECDiffieHellman own, ECDiffieHellmanPublicKey theirs)
    {
        var agreed = own.DeriveRawSecretAgreement(theirs);
        Span<byte> key = stackalloc byte[VolumeKey.Bytes];
        HKDF.DeriveKey(HashAlgorithmName.SHA256, agreed, key, default, "skerry volume key wrap 1"u8);
        CryptographicOperations.ZeroMemory(agreed);
        var aes = new AesGcm(key, 16);
        CryptographicOperations.ZeroMemory(key);
        return aes;
    }
}
