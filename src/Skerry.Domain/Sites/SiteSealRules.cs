using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Skerry.State;
using Skerry.State.Clocks;
using Skerry.State.Log;
using Skerry.State.Merging;
using Skerry.State.Trust;

namespace Skerry.Domain.Sites;

/// <summary>
/// How the runs of a site have to be sealed: with the key of the certificate that the site was made with, from the moment on that the
/// site says that it seals. That key never changes, so no rotation comes between a run and its seal.
/// </summary>
public sealed class SiteSealRules : ISealRules
{
    // By the text of the fields: each is read once, however many runs come.
    private readonly ConcurrentDictionary<string, string?> _keys = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, VersionVector> _vectors = new(StringComparer.Ordinal);

    public SealRule? RuleOf(SiteId maker, Func<EntityKey, Entity?> find)
    {
        if (find(SiteFields.Site(maker.ToString())) is not { } site)
        {
            return null;
        }

        var certificate = site.Text(SiteFields.KeyCertificate) ?? site.Text(SiteFields.Certificate);
        return new SealRule(
            certificate is null ? null : _keys.GetOrAdd(certificate, PublicKeyOf),
            site.Text(SiteFields.SealsAbove) is { } above ? _vectors.GetOrAdd(above, VectorOf) : null);
    }

    /// <summary>What the site says from now on, as the value of <see cref="SiteFields.SealsAbove"/>: all that it made in earlier starts may come without a seal.</summary>
    internal static string Above(Replica replica)
    {
        var before = VersionVector.Empty;
        foreach (var dot in replica.Vector.Where(d => d.Site == replica.Site && d.Incarnation != replica.Incarnation))
        {
            before = before.With(dot);
        }

        return Convert.ToBase64String(before.Encode());
    }

    private static string? PublicKeyOf(string certificate)
    {
        try
        {
            using var read = X509Certificate2.CreateFromPem(certificate);
            using var key = read.GetECDsaPublicKey();
            return key is null ? null : Convert.ToBase64String(key.ExportSubjectPublicKeyInfo());
        }
        catch (CryptographicException)
        {
            // Nothing can be checked with it.
            return null;
        }
    }

    private static VersionVector VectorOf(string text)
    {
        try
        {
            return VersionVector.Decode(Convert.FromBase64String(text));
        }
        catch (Exception unreadable) when (unreadable is FormatException or StateFormatException)
        {
            // It says that it seals, and nothing of before.
            return VersionVector.Empty;
        }
    }
}
