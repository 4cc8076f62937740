using Skerry.State.Clocks;
using Skerry.State.Merging;

namespace Skerry.State.Trust;

/// <summary>Signs what this site makes, so that nobody who passes it on can change it.</summary>
public interface ISealer
{
    /// <summary>ECDSA on P-256 over a SHA-256 digest: r and s, 32 bytes each, big-endian. Called by one thread at a time.</summary>
    /// <param name="digest">32 bytes.</param>
    /// <param name="signature">64 bytes to fill.</param>
    void Sign(ReadOnlySpan<byte> digest, Span<byte> signature);
}

/// <summary>Says how the runs of each site have to be sealed, as the state at that point of the log has it and nothing else.</summary>
public interface ISealRules
{
    /// <summary>Null for a site that the state does not know: nothing of it is taken.</summary>
    /// <param name="maker">Whose run it is.</param>
    /// <param name="find">Reads the state before the run.</param>
    SealRule? RuleOf(SiteId maker, Func<EntityKey, Entity?> find);
}

/// <summary>How the runs of one site have to be sealed.</summary>
/// <param name="PublicKey">SubjectPublicKeyInfo in base64; null when none can be read, and no seal can be checked.</param>
/// <param name="UnsealedUpTo">What the site made before it began to seal; null when it has not begun, and anything may come without.</param>
public sealed record SealRule(string? PublicKey, VersionVector? UnsealedUpTo);

/// <summary>A run was not made by the site whose name it bears, or was changed since. Whoever brought it is not to be believed.</summary>
public sealed class ForgedRunException(SiteId maker, string message) : Exception(message)
{
    public SiteId Maker { get; } = maker;
}
