using System.Security.Cryptography;
using System.Text.Json.Serialization;
using Skerry.State.Clocks;
using Skerry.State.Merging;

namespace Skerry.Domain.Sites;

/// <summary>The names of the fields of <c>cloud</c>, <c>site</c>, <c>link</c> and <c>invitation</c>.</summary>
internal static class SiteFields
{
    public const string CloudId = "id";

    public const string Name = "name";
    public const string Region = "region";
    public const string Role = "role";
    public const string Certificate = "certificate";

    /// <summary>Of the certificate that is to follow; it proves the site already.</summary>
    public const string NextCertificate = "next_certificate";

    /// <summary>A <see cref="CertificateRotation"/> under way; null or absent when there is none.</summary>
    public const string Rotation = "certificate_rotation";

    /// <summary>The one before; clients may still meet it where a listener took it at its start. It proves nothing to sites.</summary>
    public const string PreviousCertificate = "previous_certificate";

    /// <summary>With the key for which keys of volumes are wrapped; absent while that is the certificate's own.</summary>
    public const string KeyCertificate = "key_certificate";

    /// <summary>Pins of other sites' next certificates that this site accepts, by site id. Written by this site alone.</summary>
    public const string AcceptsNext = "accepts_next";

    /// <summary>What the site made before it began to seal its runs: a vector, in base64. Absent while it does not; see <see cref="SiteSealRules"/>.</summary>
    public const string SealsAbove = "seals_above";

    /// <summary>A <see cref="SiteRevocation"/>; set once and never taken back.</summary>
    public const string Revoked = "revoked";

    public const string SyncAddress = "sync_address";
    public const string ApiUrl = "api_url";
    public const string TokenKey = "token_key";
    public const string Version = "version";
    public const string JoinedAt = "joined_at";

    /// <summary>A <see cref="ClockRecord"/>, written by the site itself.</summary>
    public const string Clock = "clock";

    /// <summary>An <see cref="IncarnationRecord"/>, written by the site itself.</summary>
    public const string Incarnations = "incarnations";

    /// <summary>An <see cref="IdentityRecord"/>, written by the site itself; absent while it never was another than it should be.</summary>
    public const string Identity = "identity";

    /// <summary>The <see cref="IdentityRecord.At"/> that a person has dealt with.</summary>
    public const string Accepted = "accepted";

    /// <summary>An <see cref="Eviction"/>, also one that is over; absent of a site that never was.</summary>
    public const string Evicted = "evicted";

    /// <summary>A <see cref="Homecoming"/>, written by the site itself when it hears that it was evicted.</summary>
    public const string Returned = "returned";

    /// <summary>When the site last wrote only so that a session token could name one write for many.</summary>
    public const string SessionMark = "session_mark";

    /// <summary>A <see cref="Verdict"/> of a person on the site; null or absent when there is none.</summary>
    public const string Verdict = "verdict";

    public const string AddressA = "address_a";
    public const string AddressB = "address_b";

    /// <summary>A <see cref="LinkDown"/>; each is set and taken back by that end alone, who then refuses the other.</summary>
    public const string DownA = "down_a";
    public const string DownB = "down_b";

    /// <summary>A <see cref="LinkObservation"/>; each is written by that end alone.</summary>
    public const string SeenByA = "seen_by_a";
    public const string SeenByB = "seen_by_b";

    public const string Hash = "hash";
    public const string ForName = "for_name";
    public const string ExpiresAt = "expires_at";
    public const string UsedBy = "used_by";
    public const string MadeBySite = "made_by_site";

    public static EntityKey CloudKey { get; } = new(EntityKinds.Cloud, EntityKinds.Cloud);

    public static EntityKey Site(string id) => new(EntityKinds.Site, id);

    public static EntityKey Invitation(string id) => new(EntityKinds.Invitation, id);
}

/// <summary>What a person decided about a site.</summary>
/// <param name="State"><c>failed</c> or <c>fenced</c>.</param>
/// <param name="Reason">In the person's words; null when none were given.</param>
/// <param name="By">Who.</param>
/// <param name="At">When, as <see cref="Instants"/> writes it.</param>
internal sealed record Verdict(string State, string? Reason, string By, string At)
{
    public const string Failed = "failed";
    public const string Fenced = "fenced";
}

/// <summary>A site replaces its certificate.</summary>
/// <param name="By">Who asked for it.</param>
/// <param name="At">When, as <see cref="Instants"/> writes it.</param>
/// <param name="Now">Without waiting until every site accepts the next one.</param>
internal sealed record CertificateRotation(string By, string At, bool Now);

/// <summary>A person took a site's membership away.</summary>
/// <param name="Reason">In the person's words; null when none were given.</param>
/// <param name="By">Who.</param>
/// <param name="At">When, as <see cref="Instants"/> writes it.</param>
internal sealed record SiteRevocation(string? Reason, string By, string At)
{
    public string Text => $"revoked by {By} at {At}{(Reason is null ? "" : $": {Reason}")}";
}

/// <summary>One end of a link took it down.</summary>
/// <param name="Reason">In the person's words; null when none were given.</param>
/// <param name="By">Who.</param>
/// <param name="At">When, as <see cref="Instants"/> writes it.</param>
internal sealed record LinkDown(string? Reason, string By, string At)
{
    public string Text => $"taken down by {By}{(Reason is null ? "" : $": {Reason}")}";
}

/// <summary>The link of two sites: its entity id, and which of its fields belong to which end.</summary>
internal readonly record struct LinkEnds(string A, string B)
{
    public string Id => $"{A}~{B}";

    public EntityKey Key => new(EntityKinds.Link, Id);

    public static LinkEnds Of(string one, string other) =>
        string.CompareOrdinal(one, other) < 0 ? new LinkEnds(one, other) : new LinkEnds(other, one);

    /// <summary>Null for an id that names no two sites.</summary>
    public static LinkEnds? Parse(string id) =>
        id.Split('~') is [var a, var b] && SiteId.TryParse(a, out _) && SiteId.TryParse(b, out _) ? new LinkEnds(a, b) : null;

    public bool Has(string site) => site == A || site == B;

    public string OtherThan(string site) => site == A ? B : A;

    /// <summary>The field with the address at which others dial this end.</summary>
    public string AddressOf(string site) => site == A ? SiteFields.AddressA : SiteFields.AddressB;

    /// <summary>The field with which this end takes the link down.</summary>
    public string DownBy(string site) => site == A ? SiteFields.DownA : SiteFields.DownB;

    /// <summary>The field with what this end observes.</summary>
    public string SeenBy(string site) => site == A ? SiteFields.SeenByA : SiteFields.SeenByB;
}

/// <summary>How links are read.</summary>
internal static class LinkReading
{
    /// <summary>Null while this end has not taken the link down.</summary>
    public static LinkDown? DownBy(this Entity link, LinkEnds ends, string site) =>
        link.Json(ends.DownBy(site), SitesJson.Default.LinkDown);

    public static bool IsDown(this Entity link, LinkEnds ends) =>
        link.DownBy(ends, ends.A) is not null || link.DownBy(ends, ends.B) is not null;
}

/// <summary>How membership is read.</summary>
internal static class MembershipReading
{
    /// <summary>Null while nobody revoked the site.</summary>
    public static SiteRevocation? Revocation(this Entity site) => site.Json(SiteFields.Revoked, SitesJson.Default.SiteRevocation);
}

/// <summary>The fingerprint of a certificate.</summary>
internal static class CertificatePin
{
    /// <summary>SHA-256 of a certificate in PEM, as 64 lower-case hexadecimal digits; null when the text holds none.</summary>
    public static string? Of(string? pem)
    {
        if (pem is null || !PemEncoding.TryFind(pem, out var fields) || pem[fields.Label] != "CERTIFICATE")
        {
            return null;
        }

        return Convert.ToHexStringLower(SHA256.HashData(Convert.FromBase64String(pem[fields.Base64Data])));
    }
}

/// <summary>HOST:PORT as people write it.</summary>
internal static class HostPort
{
    public static bool IsValid(string? text)
    {
        var colon = text?.LastIndexOf(':') ?? -1;
        return colon > 0
            && ushort.TryParse(text.AsSpan(colon + 1), out var port) && port > 0
            && Uri.CheckHostName(text![..colon].Trim('[', ']')) != UriHostNameType.Unknown;
    }

    public static Refusal Wrong(string field, string text) =>
        Refusal.Invalid(field, $"'{text}' is not an address.", "Give HOST:PORT, for example site-2.example:8777.");
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(Verdict))]
[JsonSerializable(typeof(ClockRecord))]
[JsonSerializable(typeof(IncarnationRecord))]
[JsonSerializable(typeof(IdentityRecord))]
[JsonSerializable(typeof(Eviction))]
[JsonSerializable(typeof(Homecoming))]
[JsonSerializable(typeof(LinkDown))]
[JsonSerializable(typeof(CertificateRotation))]
[JsonSerializable(typeof(SiteRevocation))]
[JsonSerializable(typeof(SortedDictionary<string, string>))]
[JsonSerializable(typeof(LinkObservation))]
[JsonSerializable(typeof(WitnessRule))]
[JsonSerializable(typeof(SuspicionVote))]
[JsonSerializable(typeof(InvitationToken))]
[JsonSerializable(typeof(JoinRequest))]
[JsonSerializable(typeof(JoinReply))]
[JsonSerializable(typeof(JoinRefusal))]
internal sealed partial class SitesJson : JsonSerializerContext;
