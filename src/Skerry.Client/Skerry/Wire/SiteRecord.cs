namespace Skerry.Client.Native.Wire;

/// <summary>What the asked site knows of a site. Of another site it is true as of <paramref name="KnownAt"/>, not as of now.</summary>
/// <param name="State">Aliveness: unknown, connected, synchronizing, autonomous, disconnected, failed or fenced.</param>
/// <param name="IsSelf">True for the site that answered.</param>
/// <param name="StateSince">Since when it has been in this state.</param>
/// <param name="KnownAt">When what is shown was true; null when nothing was ever heard.</param>
/// <param name="AgeSeconds">How old that is, by the clock of the site that answered.</param>
/// <param name="CertificateSha256">Fingerprint of the certificate that the site proves itself with, 64 hex digits.</param>
public sealed record SiteRecord(
    string Id,
    string Name,
    string Region,
    string Role,
    string State,
    bool IsSelf,
    DateTimeOffset? StateSince,
    DateTimeOffset? KnownAt,
    double? AgeSeconds,
    string? ApiUrl,
    string? SyncAddress,
    string? CertificateSha256,
    string? Version,
    DateTimeOffset? JoinedAt,
    IReadOnlyList<BackendRecord>? Backends);

/// <summary>A named place for volumes at a site, and its space as the site last reported it.</summary>
public sealed record BackendRecord(
    string Name, string Driver, long? TotalBytes, long? FreeBytes, long? AllocatedBytes, DateTimeOffset? ReportedAt);

public sealed record SiteReply(SiteRecord Site);

public sealed record SiteList(IReadOnlyList<SiteRecord> Sites, IReadOnlyList<PageLink>? Links = null);

/// <param name="Name">The name that the new site must have; null lets it keep its own.</param>
/// <param name="Address">HOST:PORT at which the new site dials the inviting one; null takes what the inviting site advertises.</param>
/// <param name="ValidSeconds">How long the invitation can be used; null for the site's default.</param>
public sealed record SiteInviteRequest(string? Name, string? Address, long? ValidSeconds);

/// <param name="Token">A secret that works once. It pins the inviting site's certificate.</param>
public sealed record InvitationRecord(string Id, string Token, DateTimeOffset? ExpiresAt);

public sealed record InvitationReply(InvitationRecord Invitation);

/// <summary>Asked of the site that joins.</summary>
/// <param name="Token">What the invitation said.</param>
/// <param name="Advertise">HOST:PORT at which the inviting site dials this one; null when it cannot or need not.</param>
public sealed record SiteJoinRequest(string Token, string? Advertise);
