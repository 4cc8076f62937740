namespace Skerry.Host.Configuration;

/// <summary>How volumes are served beside <see cref="SiteConfiguration.NbdListen"/>.</summary>
internal sealed record NbdConfiguration
{
    /// <summary>A UNIX socket to listen on as well, for programs of this machine; absolute, null for none.</summary>
    public string? SocketPath { get; init; }

    /// <summary>Default <c>off</c> on loopback, and <c>require</c> on any other address.</summary>
    public required NbdTlsMode Tls { get; init; }

    /// <summary>PEM files, both or none; none: the site's own certificate, which <c>cloud.crt</c> holds.</summary>
    public string? CertificateFile { get; init; }

    public string? KeyFile { get; init; }

    /// <summary>PEM file of the roots of clients' certificates; null for none.</summary>
    public string? ClientAuthorityFile { get; init; }

    /// <summary>SHA-256 of clients' certificates, as 64 lower-case hex digits.</summary>
    public required IReadOnlyList<string> ClientPins { get; init; }

    /// <summary>A client without a certificate is turned away.</summary>
    public required bool RequiresClientCertificate { get; init; }

    /// <summary>At once; 1 to 100,000, default 512.</summary>
    public required int MaxConnections { get; init; }

    /// <summary>To one volume or snapshot; 1 to 100,000, default 64.</summary>
    public required int MaxConnectionsPerExport { get; init; }

    /// <summary>Null: a connection may be idle for ever.</summary>
    public TimeSpan? IdleTimeout { get; init; }

    /// <summary>True when clients are asked for certificates.</summary>
    public bool KnowsClients => Tls != NbdTlsMode.Off && (ClientAuthorityFile is not null || ClientPins.Count > 0);
}

internal enum NbdTlsMode
{
    Off,
    On,
    Require,
}
