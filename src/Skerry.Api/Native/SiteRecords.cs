using Skerry.Client.Native.Wire;
using Skerry.Domain;
using Skerry.Domain.Sites;

namespace Skerry.Api.Native;

/// <summary>The domain's views of sites in the words of the wire.</summary>
internal static class SiteRecords
{
    public static SiteRecord Of(SiteView site) => new(
        site.Id,
        site.Name,
        site.Region,
        site.Role,
        site.Aliveness.ToString().ToLowerInvariant(),
        site.Reason,
        site.Since,
        site.IsSelf,
        site.LastHeardAt,
        site.AgeSeconds,
        site.Via,
        site.Address,
        site.ApiUrl,
        site.CertificatePin,
        site.Version,
        site.JoinedAt,
        site.RoundTripMilliseconds,
        site.DriftMilliseconds,
        [.. site.Backends.Select(b => new BackendRecord(
            b.Name, b.Driver, b.TotalBytes, b.FreeBytes, b.AllocatedBytes, Instants.Parse(b.ReportsAt), b.LiveBytes, b.DeadBytes, b.Fullness.Word, b.Error))],
        [.. site.Knowledge.Select(k => new SiteKnowledgeRecord(k.From, k.Says, k.AgeSeconds))]);

    public static InvitationRecord Of(InvitationView invitation) => new(
        invitation.Id, invitation.ForName, invitation.ExpiresAt, invitation.UsedBy, invitation.InvitedBy, invitation.Token);

    public static LinkRecord Of(LinkView link) => new(
        link.Id, link.SiteA, link.SiteB, link.AddressA, link.AddressB, link.IsDisconnected, Of(link.SeenByA), Of(link.SeenByB));

    private static LinkObservationRecord? Of(LinkObservation? seen) =>
        seen is null ? null : new LinkObservationRecord(seen.State, seen.Since, seen.LastHeardAt, seen.Reason);
}
