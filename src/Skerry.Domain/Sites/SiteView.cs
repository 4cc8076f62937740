using Skerry.Domain.Volumes;

namespace Skerry.Domain.Sites;

/// <summary>A site as this site knows it.</summary>
public sealed record SiteView
{
    public required string Id { get; init; }

    public required string Name { get; init; }

    public required string Region { get; init; }

    /// <summary><c>edge</c> or <c>hub</c>.</summary>
    public required string Role { get; init; }

    /// <summary>True for the site that answers.</summary>
    public required bool IsSelf { get; init; }

    public required Aliveness Aliveness { get; init; }

    /// <summary>Why, in words: through whom it is known, or what the last attempt to reach it came to. Null when there is nothing to add.</summary>
    public string? Reason { get; init; }

    /// <summary>Since when <see cref="Aliveness"/> holds; null when that is not known.</summary>
    public DateTimeOffset? Since { get; init; }

    /// <summary>When the site was last heard, here or by the one who reports of it; null when never.</summary>
    public DateTimeOffset? LastHeardAt { get; init; }

    /// <summary>The age of what is known: from <see cref="LastHeardAt"/> until now, in seconds; 0 for the site itself.</summary>
    public double? AgeSeconds { get; init; }

    /// <summary>The name of the neighbour through which the site is known; null when linked directly, or not known at all.</summary>
    public string? Via { get; init; }

    /// <summary>All that there is on it, with who says so and how old it is; nothing for the site itself.</summary>
    public IReadOnlyList<SiteKnowledge> Knowledge { get; init; } = [];

    /// <summary>HOST:PORT that this site dials; null when there is none (the other one dials, or there is no link).</summary>
    public string? Address { get; init; }

    public string? ApiUrl { get; init; }

    public string? Version { get; init; }

    /// <summary>SHA-256 of the site's certificate, 64 hexadecimal digits.</summary>
    public string? CertificatePin { get; init; }

    public DateTimeOffset? JoinedAt { get; init; }

    /// <summary>As the site last reported; their own age is in <see cref="BackendReport.ReportsAt"/>.</summary>
    public IReadOnlyList<BackendReport> Backends { get; init; } = [];

    /// <summary>Measured on the direct link; null without one.</summary>
    public double? RoundTripMilliseconds { get; init; }

    /// <summary>How far the site's clock is ahead of this one's; negative when it is behind. Null without a direct link.</summary>
    public double? DriftMilliseconds { get; init; }

    /// <summary>What one who is no administrator may know of a site: that it exists, and whether it can be reached.</summary>
    public SiteView ForTenant() => new()
    {
        Id = Id,
        Name = Name,
        Region = Region,
        Role = Role,
        IsSelf = IsSelf,
        Aliveness = Aliveness,
        ApiUrl = ApiUrl,
    };
}

/// <summary>Something that is known of another site.</summary>
/// <param name="From">The name of the site that says so.</param>
/// <param name="Says">What, in words.</param>
/// <param name="AgeSeconds">How old it is, in elapsed time at the site that answers; null for what was written with a time of its own.</param>
public sealed record SiteKnowledge(string From, string Says, double? AgeSeconds);

/// <summary>A configured connection of two sites, with what each end says of it.</summary>
public sealed record LinkView
{
    /// <summary><c>a~b</c>, the smaller site id first.</summary>
    public required string Id { get; init; }

    /// <summary>Names of the two sites, or their ids where no name is known.</summary>
    public required string SiteA { get; init; }

    public required string SiteB { get; init; }

    /// <summary>HOST:PORT at which B dials A; null when B cannot.</summary>
    public string? AddressA { get; init; }

    /// <summary>HOST:PORT at which A dials B; null when A cannot.</summary>
    public string? AddressB { get; init; }

    /// <summary>Taken down by hand.</summary>
    public bool IsDisconnected { get; init; }

    /// <summary>What A last said of B, and B of A.</summary>
    public LinkObservation? SeenByA { get; init; }

    public LinkObservation? SeenByB { get; init; }
}

/// <summary>What one end of a link observed; written by that end alone, when it changes.</summary>
/// <param name="State"><c>connected</c>, <c>synchronizing</c>, <c>autonomous</c>, <c>disconnected</c> or <c>unknown</c>.</param>
/// <param name="Since">Since when.</param>
/// <param name="LastHeardAt">When the other end was last heard, as of this observation; null when never.</param>
/// <param name="Reason">What the last attempt to reach it came to; null when there is nothing to add.</param>
public sealed record LinkObservation(string State, DateTimeOffset Since, DateTimeOffset? LastHeardAt, string? Reason);
