using System.Security.Cryptography;
using Skerry.State.Storage;

namespace Skerry.Domain.Identity;

/// <summary>
/// The key with which one site signs tokens (ECDSA on P-256 with SHA-256). The private part never leaves the site; the public part
/// is the field <c>token_key</c> of the site's entity, so that every site checks every other's tokens by itself.
/// </summary>
public sealed class TokenKey : IDisposable
{
    /// <summary>Bytes of a signature: r and s, each 32 bytes, big-endian.</summary>
    internal const int SignatureBytes = 64;

    private readonly ECDsa _key;
    private readonly Lock _gate = new();

    private TokenKey(ECDsa key)
    {
        _key = key;
        PublicPem = key.ExportSubjectPublicKeyInfoPem();
    }

    /// <summary>The public part, as other sites read it.</summary>
    public string PublicPem { get; }

    public static TokenKey Create() => new(ECDsa.Create(ECCurve.NamedCurves.nistP256));

    /// <summary>
    /// Reads the key of <paramref name="path"/>, and makes it first when there is none: whole or not at all, readable by its owner
    /// only. A lost key ends the tokens that it signed and nothing else.
    /// </summary>
    /// <exception cref="InvalidDataException">The file is not such a key; the message says what to do.</exception>
    public static TokenKey LoadOrCreate(string path)
    {
        if (!File.Exists(path))
        {
            using var made = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            DurableFile.Write(path, made.ExportPkcs8PrivateKeyPem());
        }

        var key = ECDsa.Create();
        try
        {
            key.ImportFromPem(File.ReadAllText(path));
        }
        catch (Exception exception) when (exception is ArgumentException or CryptographicException)
        {
            key.Dispose();
            throw new InvalidDataException(
                $"The token key {path} is damaged ({exception.Message}). Restore it, or remove it: a new one is made and the tokens "
                + "that this site signed end.",
                exception);
        }

        if (key.KeySize != 256)
        {
            key.Dispose();
            throw new InvalidDataException($"The token key {path} is not on P-256. Remove it and start again: a new one is made.");
        }

        return new TokenKey(key);
    }

    internal byte[] Sign(ReadOnlySpan<byte> data)
    {
        lock (_gate)
        {
            return _key.SignData(data, HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
        }
    }

    public void Dispose() => _key.Dispose();
}
