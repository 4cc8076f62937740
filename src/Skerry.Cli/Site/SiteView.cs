using Skerry.Cli.Output;
using Skerry.Client.Native.Wire;

namespace Skerry.Cli.Site;

internal static class SiteView
{
    private static readonly string[] Fullness = ["ample", "above_80_percent", "above_90_percent", "above_95_percent", "full"];

    public static readonly View<SiteRecord> Site = new(
        "site",
        OutputJson.Default.SiteRecord,
        new("id", "16 hex digits.", s => s.Id, IsBrief: false),
        new("name", "Name, which is also the availability zone.", s => s.Name),
        new("region", "Region of its endpoint.", s => s.Region, IsBrief: false),
        new("role", "edge or hub.", s => s.Role),
        new("state", "Aliveness: unknown, connected, synchronizing, autonomous, disconnected, failed or fenced.", s => s.State),
        new("reason", "Why, in words.", s => s.Reason),
        new("since", "Since when it is in this state.", s => s.Since, IsBrief: false),
        new("is_self", "Whether this site answered.", s => s.IsSelf, IsBrief: false),
        new("last_heard_at", "When it was last heard, here or by the one who reports of it; null when never.", s => s.LastHeardAt),
        new("age_seconds", "How old that is.", s => s.AgeSeconds),
        new("via", "The neighbour through which it is known; null when linked directly.", s => s.Via, IsBrief: false),
        new("address", "HOST:PORT that the site that answered dials.", s => s.Address, IsBrief: false),
        new("api_url", "Where its API is.", s => s.ApiUrl),
        new("certificate_sha256", "Fingerprint of its certificate.", s => s.CertificateSha256, IsBrief: false),
        new("version", "Software version.", s => s.Version, IsBrief: false),
        new("joined_at", "When it joined the cloud.", s => s.JoinedAt, IsBrief: false),
        new("round_trip_milliseconds", "To it and back, on a direct link.", s => s.RoundTripMilliseconds, IsBrief: false),
        new("drift_milliseconds", "How far its clock is ahead, on a direct link.", s => s.DriftMilliseconds, IsBrief: false),
        new(
            "knowledge",
            "What the state is drawn from: who says what, and how old it is.",
            s => string.Join('\n', s.Knowledge?.Select(k => $"{k.From}: {k.Says}{(k.AgeSeconds is { } age ? string.Create(System.Globalization.CultureInfo.InvariantCulture, $" ({age:0.0} s ago)") : "")}") ?? []),
            IsBrief: false),
        new("backends", "Names of its backends.", s => s.Backends?.Select(b => b.Name).ToList() ?? [], IsBrief: false),
        new(
            "fullness",
            "Of its fullest backend: ample, above_80_percent, above_90_percent, above_95_percent or full; see `skerry backend list`.",
            s => s.Backends?.MaxBy(b => Array.IndexOf(Fullness, b.Fullness))?.Fullness,
            IsBrief: false),
        new("total_bytes", "Space of all its backends, as last reported.", s => s.Backends?.Sum(b => b.TotalBytes), IsBrief: false),
        new("free_bytes", "Free space of all its backends, as last reported.", s => s.Backends?.Sum(b => b.FreeBytes), IsBrief: false));

    public static readonly View<LinkRecord> Link = new(
        "link",
        OutputJson.Default.LinkRecord,
        new("id", "Both sites' ids.", l => l.Id, IsBrief: false),
        new("site_a", "One end.", l => l.SiteA),
        new("site_b", "The other end.", l => l.SiteB),
        new("address_a", "HOST:PORT at which B dials A.", l => l.AddressA),
        new("address_b", "HOST:PORT at which A dials B.", l => l.AddressB),
        new("is_disconnected", "Whether it was taken down by hand.", l => l.IsDisconnected),
        new("state_by_a", "What A last said of B.", l => l.SeenByA?.State),
        new("state_by_a_since", "Since when.", l => l.SeenByA?.Since, IsBrief: false),
        new("state_by_b", "What B last said of A.", l => l.SeenByB?.State),
        new("state_by_b_since", "Since when.", l => l.SeenByB?.Since, IsBrief: false));

    public static readonly View<JoinRecord> Join = new(
        "join",
        OutputJson.Default.JoinRecord,
        new("cloud_id", "The cloud that the site is now a member of.", j => j.CloudId),
        new("invited_by", "The site that the new link leads to.", j => j.InvitedBy.Name),
        new("adopted", "Whether the cloud's state replaced the site's own; false when only a link was added.", j => j.Adopted),
        new("entities", "How many entities were taken over.", j => j.Entities));

    public static readonly View<InvitationRecord> Invitation = new(
        "invitation",
        OutputJson.Default.InvitationRecord,
        new("id", "Id of the invitation.", i => i.Id),
        new("token", "For `skerry site join`; a secret that works once. Only `skerry site invite` tells it.", i => i.Token, IsBrief: false),
        new("for_name", "The name that the joining site must have; null for any.", i => i.ForName),
        new("invited_by", "The site that made it, the only one that takes it.", i => i.InvitedBy),
        new("expires_at", "When it becomes void.", i => i.ExpiresAt),
        new("used_by", "The site that used it; null while it is open.", i => i.UsedBy));
}
