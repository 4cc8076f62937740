namespace Skerry.Domain.Sites;

/// <summary>What the configuration and the data directory say of this site, and every site should know.</summary>
public sealed record SiteSettings
{
    public required string Name { get; init; }

    public required string Region { get; init; }

    /// <summary><c>edge</c> or <c>hub</c>.</summary>
    public required string Role { get; init; }

    /// <summary>In PEM, without the key; that of the moment, where <see cref="Certificates"/> are given.</summary>
    public required string CertificatePem { get => Certificates?.CurrentPem ?? field; init; }

    /// <summary>Where the certificate can be replaced while the site runs; null where it cannot.</summary>
    public ISiteCertificates? Certificates { get; init; }

    /// <summary>What this site makes is sealed; said to all others, who take nothing without a seal from then on.</summary>
    public bool Seals { get; init; }

    /// <summary>HOST:PORT at which others reach the sync listener when nothing else is said.</summary>
    public required string SyncAddress { get; init; }

    public string? ApiUrl { get; init; }

    /// <summary>The public key of the site's tokens, in PEM.</summary>
    public string? TokenKeyPem { get; init; }

    /// <summary>Who may say together that a site is lost; null leaves what the cloud has.</summary>
    public WitnessRule? Witnesses { get; init; }

    /// <summary>Of the program.</summary>
    public required string Version { get; init; }
}
