using Skerry.Cli.Output;
using Skerry.Client.Native.Wire;

namespace Skerry.Cli.Site;

internal static class SiteView
{
    public static readonly View<SiteRecord> Site = new(
        "site",
        new("id", "16 hex digits.", s => s.Id, IsBrief: false),
        new("name", "Name, which is also the availability zone.", s => s.Name),
        new("region", "Region of its endpoint.", s => s.Region, IsBrief: false),
        new("role", "edge or hub.", s => s.Role),
        new("state", "Aliveness: unknown, connected, synchronizing, autonomous, disconnected, failed or fenced.", s => s.State),
        new("is_self", "Whether this site answered.", s => s.IsSelf),
        new("state_since", "Since when it is in this state.", s => s.StateSince, IsBrief: false),
        new("known_at", "When what is shown was true; null when nothing was ever heard.", s => s.KnownAt, IsBrief: false),
        new("age_seconds", "How old that is.", s => s.AgeSeconds),
        new("api_url", "Where its API is.", s => s.ApiUrl),
        new("sync_address", "Where other sites dial it.", s => s.SyncAddress, IsBrief: false),
        new("certificate_sha256", "Fingerprint of its certificate.", s => s.CertificateSha256, IsBrief: false),
        new("version", "Software version.", s => s.Version, IsBrief: false),
        new("joined_at", "When it joined the cloud.", s => s.JoinedAt, IsBrief: false),
        new("backends", "Names of its backends.", s => s.Backends?.Select(b => b.Name).ToList() ?? [], IsBrief: false),
        new("total_bytes", "Space of all its backends, as last reported.", s => s.Backends?.Sum(b => b.TotalBytes), IsBrief: false),
        new("free_bytes", "Free space of all its backends, as last reported.", s => s.Backends?.Sum(b => b.FreeBytes), IsBrief: false));

    public static readonly View<InvitationRecord> Invitation = new(
        "invitation",
        new("id", "Id of the invitation.", i => i.Id),
        new("token", "For `skerry site join`; a secret that works once.", i => i.Token),
        new("expires_at", "When it becomes void.", i => i.ExpiresAt));
}
