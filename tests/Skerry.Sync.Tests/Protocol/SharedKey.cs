using System.Buffers.Binary;
using System.Numerics;
using System.Security.Cryptography;
using Skerry.State.Clocks;
using Skerry.State.Merging;
using Skerry.State.Trust;

namespace Skerry.Sync.Tests.Protocol;

/// <summary>One key for all sites that seal.</summary>
internal sealed class SharedKey : ISealer, ISealRules, IDisposable
{
    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    public void Sign(ReadOnlySpan<byte> digest, Span<byte> signature) =>
        Assert.True(_key.TrySignHash(digest, signature, DSASignatureFormat.IeeeP1363FixedFieldConcatenation, out _));

    public SealRule? RuleOf(SiteId maker, Func<EntityKey, Entity?> find) =>
        new(Convert.ToBase64String(_key.ExportSubjectPublicKeyInfo()), VersionVector.Empty);

    public void Dispose() => _key.Dispose();
}

/// <summary>What an attacker can always make right.</summary>
internal static class Checksum
{
    /// <summary>Gives the bytes of a mutation the checksum that fits the rest of them.</summary>
    public static void Fit(Span<byte> mutation)
    {
        var crc = uint.MaxValue;
        foreach (var b in mutation[..^4])
        {
            crc = BitOperations.Crc32C(crc, b);
        }

        BinaryPrimitives.WriteUInt32LittleEndian(mutation[^4..], ~crc);
    }
}
