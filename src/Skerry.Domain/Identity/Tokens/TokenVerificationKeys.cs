using System.Collections.Concurrent;
using System.Security.Cryptography;

namespace Skerry.Domain.Identity;

/// <summary>
/// The public keys of the sites, parsed once each. They are found by their text, so a site that changes its key needs no notice
/// here; there are as many as there are sites and key changes since the start.
/// </summary>
internal sealed class TokenVerificationKeys : IDisposable
{
    private readonly ConcurrentDictionary<string, Entry> _entries = new(StringComparer.Ordinal);

    /// <summary>False as well when the text is no key.</summary>
    public bool Verify(string publicPem, ReadOnlySpan<byte> data, ReadOnlySpan<byte> signature) =>
        _entries.GetOrAdd(publicPem, static pem => new Entry(pem)).Verify(data, signature);

    public void Dispose()
    {
        foreach (var entry in _entries.Values)
        {
            entry.Dispose();
        }
    }

    private sealed class Entry : IDisposable
    {
        private readonly ECDsa? _key;
        private readonly Lock _gate = new();

        public Entry(string pem)
        {
            var key = ECDsa.Create();
            try
            {
                key.ImportFromPem(pem);
                _key = key;
            }
            catch (Exception exception) when (exception is ArgumentException or CryptographicException)
            {
                key.Dispose();
            }
        }

        public bool Verify(ReadOnlySpan<byte> data, ReadOnlySpan<byte> signature)
        {
            if (_key is null)
            {
                return false;
            }

            lock (_gate)
            {
                return _key.VerifyData(
                    data, signature, HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
            }
        }

        public void Dispose() => _key?.Dispose();
    }
}
