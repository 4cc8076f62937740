using System.Security.Cryptography;

namespace Skerry.Blocks.Encryption;

/// <summary>
/// The private half of a P-256 key for which volume keys are wrapped: a site's own. Whoever has it opens every volume whose key was
/// wrapped for it.
/// </summary>
public sealed class KeyHolder : IDisposable
{
    internal const int IdBytes = 16;
    private readonly ECDiffieHellman _key;
    private readonly ECDsa _public;
    private readonly Lock _lock = new();

    /// <param name="key">With its private part, which is copied.</param>
    /// <exception cref="CryptographicException">It is not on P-256, or its private part cannot be read.</exception>
    public KeyHolder(ECDsa key)
    {
        ArgumentNullException.ThrowIfNull(key);
        if (key.KeySize != 256)
        {
            throw new CryptographicException($"volume keys are wrapped for keys on P-256, and this one has {key.KeySize} bits");
        }

        _key = ECDiffieHellman.Create(key.ExportParameters(true));
        _public = ECDsa.Create(key.ExportParameters(false));
        Id = Convert.ToHexStringLower(IdOf(key));
    }

    /// <summary>The first half of the SHA-256 of its public part (SubjectPublicKeyInfo), in 32 hexadecimal digits.</summary>
    public string Id { get; }

    /// <summary>A holder from the private key in PEM, as a site keeps it in <c>site.key</c>.</summary>
    /// <exception cref="CryptographicException">It is no such key.</exception>
    public static KeyHolder FromPem(string pem)
    {
        using var key = ECDsa.Create();
        try
        {
            key.ImportFromPem(pem);
        }
        catch (ArgumentException e)
        {
            throw new CryptographicException("the text holds no private key in PEM", e);
        }

        return new KeyHolder(key);
    }

    /// <summary>Wraps a key for this holder.</summary>
    public WrappedKey Wrap(VolumeKey key)
    {
        lock (_lock)
        {
            return WrappedKey.For(_public, key);
        }
    }

    /// <summary>Null when the key was wrapped for another, or was tampered with.</summary>
    public VolumeKey? Open(WrappedKey wrapped)
    {
        ArgumentNullException.ThrowIfNull(wrapped);
        lock (_lock)
        {
            return wrapped.HolderId == Id ? wrapped.Open(_key) : null;
        }
    }

    public void Dispose()
    {
        _key.Dispose();
        _public.Dispose();
    }

    internal static byte[] IdOf(ECDsa key) => SHA256.HashData(key.ExportSubjectPublicKeyInfo())[..IdBytes];
}
