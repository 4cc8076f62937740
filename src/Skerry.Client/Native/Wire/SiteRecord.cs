namespace Skerry.Client.Native.Wire;

/// <summary>What the asked site knows of a site. Of another site it is true as of <paramref name="LastHeardAt"/>, not as of now.</summary>
/// <param name="State">Aliveness: unknown, connected, synchronizing, autonomous, disconnected, failed or fenced.</param>
/// <param name="Reason">Why, in words; null when there is nothing to add.</param>
/// <param name="Since">Since when it has been in this state.</param>
/// <param name="IsSelf">True for the site that answered.</param>
/// <param name="LastHeardAt">When it was last heard, here or by the one who reports of it; null when never.</param>
/// <param name="AgeSeconds">How old that is, by the clock of the site that answered; 0 for itself.</param>
/// <param name="Via">The neighbour through which it is known; null when linked directly.</param>
/// <param name="Address">HOST:PORT that the site that answered dials; null when there is none.</param>
/// <param name="CertificateSha256">Fingerprint of the certificate that the site proves itself with, 64 hex digits.</param>
/// <param name="DriftMilliseconds">How far its clock is ahead; null without a direct link.</param>
/// <param name="Knowledge">All that the state is drawn from, with who says so and how old it is; for administrators.</param>
public sealed record SiteRecord(
    string Id,
    string Name,
    string Region,
    string Role,
    string State,
    string? Reason,
    DateTimeOffset? Since,
    bool IsSelf,
    DateTimeOffset? LastHeardAt,
    double? AgeSeconds,
    string? Via,
    string? Address,
    string? ApiUrl,
    string? CertificateSha256,
    string? Version,
    DateTimeOffset? JoinedAt,
    double? RoundTripMilliseconds,
    double? DriftMilliseconds,
    IReadOnlyList<BackendRecord>? Backends,
    IReadOnlyList<SiteKnowledgeRecord>? Knowledge = null);

/// <summary>Something that is known of a site.</summary>
/// <param name="From">The site that says so.</param>
/// <param name="Says">What, in words.</param>
/// <param name="AgeSeconds">How old it is, in elapsed time at the site that answered; null for what was written with a time of its own.</param>
public sealed record SiteKnowledgeRecord(string From, string Says, double? AgeSeconds);

/// <summary>A named place for volumes at a site, and its space as the site last reported it.</summary>
/// <param name="FreeBytes">What can still be written; 0 when writes of new data fail.</param>
/// <param name="AllocatedBytes">What its volumes take.</param>
/// <param name="LiveBytes">Of the allocated bytes, those in use when that was last looked up; null where nobody looks.</param>
/// <param name="DeadBytes">Of the allocated bytes, those that nothing uses any more; they count as free.</param>
/// <param name="Fullness">ample, above_80_percent, above_90_percent, above_95_percent, or full: writes of new data fail, and deletes work.</param>
/// <param name="Error">Why it cannot be used now; null when it can.</param>
public sealed record BackendRecord(
    string Name,
    string Driver,
    long? TotalBytes,
    long? FreeBytes,
    long? AllocatedBytes,
    DateTimeOffset? ReportedAt,
    long? LiveBytes = null,
    long? DeadBytes = null,
    string? Fullness = null,
    string? Error = null);

public sealed record SiteReply(SiteRecord Site);

public sealed record SiteList(IReadOnlyList<SiteRecord> Sites, IReadOnlyList<PageLink>? Links = null);

/// <summary>A configured connection of two sites, with what each end last said of it.</summary>
/// <param name="AddressA">HOST:PORT at which B dials A; null when it cannot.</param>
/// <param name="AddressB">HOST:PORT at which A dials B; null when it cannot.</param>
public sealed record LinkRecord(
    string Id,
    string SiteA,
    string SiteB,
    string? AddressA,
    string? AddressB,
    bool IsDisconnected,
    LinkObservationRecord? SeenByA,
    LinkObservationRecord? SeenByB);

public sealed record LinkObservationRecord(string State, DateTimeOffset Since, DateTimeOffset? LastHeardAt, string? Reason);

/// <summary>The list is called <c>site_links</c>, since <c>links</c> is where a page says where the next one is.</summary>
public sealed record LinkList(IReadOnlyList<LinkRecord> SiteLinks, IReadOnlyList<PageLink>? Links = null);

/// <param name="Name">The name that the new site must have; null lets it keep its own.</param>
/// <param name="Address">HOST:PORT at which the new site dials the inviting one; null takes what the inviting site advertises.</param>
/// <param name="ValidSeconds">How long the invitation can be used; null for a day.</param>
public sealed record SiteInviteRequest(string? Name, string? Address, long? ValidSeconds);

/// <param name="Token">A secret that works once, and pins the inviting site's certificate; only in the reply that makes the invitation.</param>
/// <param name="UsedBy">Id of the site that used it; null while it is open.</param>
/// <param name="InvitedBy">The site that made it, the only one that takes it.</param>
public sealed record InvitationRecord(
    string Id, string? ForName, DateTimeOffset? ExpiresAt, string? UsedBy, string? InvitedBy, string? Token);

public sealed record InvitationReply(InvitationRecord Invitation);

public sealed record InvitationList(IReadOnlyList<InvitationRecord> Invitations, IReadOnlyList<PageLink>? Links = null);

/// <summary>Asked of the site that joins.</summary>
/// <param name="Token">What the invitation said.</param>
/// <param name="Advertise">HOST:PORT at which the inviting site dials this one; null for the configured one, empty for not at all.</param>
public sealed record SiteJoinRequest(string Token, string? Advertise);

/// <param name="InvitedBy">The site that the new link leads to.</param>
/// <param name="Adopted">True when the cloud's state replaced the site's own; false when only a link was added.</param>
/// <param name="Entities">How many entities were taken over.</param>
public sealed record JoinRecord(string CloudId, SiteRecord InvitedBy, bool Adopted, long Entities);

public sealed record JoinReply(JoinRecord Join);

/// <param name="Reason">Free text for others to read.</param>
/// <param name="Address">For connect: HOST:PORT to dial from now on; null leaves what is known.</param>
public sealed record SiteActionRequest(string? Reason, string? Address);

/// <param name="Now">Without waiting until every site accepts the next certificate.</param>
public sealed record SiteRotateRequest(bool Now);
