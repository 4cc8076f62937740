using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Skerry.State.Trust;
using Skerry.Sync.Transport;

namespace Skerry.Host.Links;

/// <summary>Seals with the key that the site was made with.</summary>
internal sealed class SiteSealer(SiteCertificate certificate) : ISealer, IDisposable
{
    private readonly ECDsa _key = certificate.First.GetECDsaPrivateKey()!;

    public void Sign(ReadOnlySpan<byte> digest, Span<byte> signature)
    {
        if (!_key.TrySignHash(digest, signature, DSASignatureFormat.IeeeP1363FixedFieldConcatenation, out var length) || length != signature.Length)
        {
            throw new CryptographicException($"the key of the site gave a signature of {length} bytes, not of {signature.Length}");
        }
    }

    public void Dispose() => _key.Dispose();
}
