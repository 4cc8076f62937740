using Skerry.Domain.Volumes;

namespace Skerry.Domain.Replication;

/// <summary>
/// Copies of encrypted volumes at sites that are never to have the key: what must not be asked of them. Nobody can read there what a
/// site with the key has written, and so nobody can go on from it.
/// </summary>
internal static class CiphertextOnly
{
    /// <summary>Why the copy at that site cannot be promoted, opened or cloned there, and who has the key; null when it can.</summary>
    public static Refusal? Check(StateView state, string volumeId, string siteId, SiteDirectory names)
    {
        var relations = Relation.OfVolume(state, volumeId);
        if (!relations.Any(r => r.IsCiphertextOnly && r.OtherSite == siteId))
        {
            return null;
        }

        var keys = relations.SelectMany(r => r.IsCiphertextOnly ? new[] { r.HomeSite } : [r.HomeSite, r.OtherSite])
            .Append(Generations.Owner(Generations.Of(state, volumeId)) ?? siteId)
            .Where(s => s != siteId).Distinct().Select(names.NameOf).Order(StringComparer.Ordinal).ToList();
        return Refusal.State(
            $"Site {names.NameOf(siteId)} holds only ciphertext of volume {volumeId}; {(keys.Count == 1 ? $"site {keys[0]} has" : $"sites {string.Join(", ", keys)} have")} the key.",
            keys.Count == 1 ? $"Use the copy at site {keys[0]}." : "Use the copy at one of these.");
    }

    /// <summary>Why a volume cannot be replicated so; null when it can.</summary>
    public static Refusal? CheckWish(Volumes.Volume volume, CreateReplicationRequest request, AckChoice acks) =>
        !request.IsCiphertextOnly ? null
        : !volume.IsEncrypted ? Refusal.State(
            $"Volume {volume.Id} is not encrypted, so there is no key that a site could do without.", "Copy it into an encrypted volume, and replicate that.")
        : request.Adopt is not null ? Refusal.Invalid("adopt", "A site that holds ciphertext only has nothing that could be taken over.", "Leave adopt out.")
        : Check(acks);

    /// <summary>A target that cannot be promoted can hold no lease for that.</summary>
    public static Refusal? Check(AckChoice acks) =>
        acks.OnIsolation != IsolationPolicies.Stop ? null : Refusal.Invalid(
            "on_isolation", "A primary can stop only for a target that may be promoted, and one that holds ciphertext only may not.",
            $"Leave on_isolation at {IsolationPolicies.Continue}.");
}
