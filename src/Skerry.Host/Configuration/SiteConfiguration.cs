using System.Net;
using Skerry.Domain.Sites;
using Skerry.Host.Webhooks;
using Skerry.Host.Wiring;
using Skerry.Sync;

namespace Skerry.Host.Configuration;

/// <summary>What a site was told by its operator: immutable, and valid as a whole, or it is not made.</summary>
internal sealed record SiteConfiguration
{
    /// <summary>Also the availability zone: lower-case letters, digits and dashes, 1 to 63 characters.</summary>
    public required string Name { get; init; }

    /// <summary>Where OpenStack clients find this site's endpoint in the catalog; default: the name.</summary>
    public required string Region { get; init; }

    /// <summary><c>edge</c> or <c>hub</c>; the code is the same.</summary>
    public required string Role { get; init; }

    /// <summary>Absolute path; made when it is missing.</summary>
    public required string DataDirectory { get; init; }

    public required Uri Listen { get; init; }

    /// <summary>Plain http on other addresses than loopback is refused unless this is set.</summary>
    public required bool Insecure { get; init; }

    /// <summary>The URL that the catalog shows; default: <see cref="Listen"/>, with this machine's name in place of a wildcard.</summary>
    public required Uri ApiUrl { get; init; }

    public required IPEndPoint SyncListen { get; init; }

    /// <summary>host:port at which other sites dial this one; default: <see cref="SyncListen"/>, likewise.</summary>
    public required string SyncAdvertise { get; init; }

    public required IPEndPoint NbdListen { get; init; }

    public required NbdConfiguration Nbd { get; init; }

    public required LogLevel LogLevel { get; init; }

    /// <summary>Null: made at first start.</summary>
    public string? AdminPassword { get; init; }

    /// <summary>How long a token is good for; 60 seconds to 7 days, default an hour.</summary>
    public required TimeSpan TokenLifetime { get; init; }

    /// <summary>host:port of sites to dial, beside those that invitations made known.</summary>
    public required IReadOnlyList<string> Peers { get; init; }

    /// <summary>How changes are passed on, on all links and on single ones.</summary>
    public required SyncOptions Sync { get; init; }

    /// <summary>How far ahead of its own clock the site follows stamps that it sees; 0 to 600 seconds, default 0.</summary>
    public required TimeSpan ClockOffset { get; init; }

    /// <summary>A clock that is off by more than this makes stamps that rank below all others; 1 to 86,400 seconds, default 600.</summary>
    public required TimeSpan ClockLimit { get; init; }

    public required StoreConfiguration Store { get; init; }

    /// <summary>Who may say together that a site is lost; null leaves what the cloud has.</summary>
    public WitnessRule? Witnesses { get; init; }

    public required ReplicationConfiguration Replication { get; init; }

    public required TransferConfiguration Transfers { get; init; }

    public required IReadOnlyList<WebhookEndpoint> Webhooks { get; init; }

    public required IReadOnlyList<BackendConfiguration> Backends { get; init; }

    /// <summary>For proofs alone: where the daemon kills itself; null, as it should be: nowhere.</summary>
    public KillAt? KillAt { get; init; }
}

/// <summary>What concerns all replications of the site.</summary>
/// <param name="Lease">How long this site, as a primary that stops when it is cut off, acknowledges after its target last answered; 1 s to 10 min, default 10 s.</param>
/// <param name="FenceCommand">The program, an absolute path, and its arguments; null for none.</param>
/// <param name="FenceTimeout">How long it may take; 1 s to an hour, default a minute.</param>
/// <param name="TrashTime">How long the replica of a deleted volume, or of a deleted replication, stays restorable; a minute to ten years, default a week.</param>
/// <param name="BehindAfter">How far behind a replica may be before that is an event; 10 s to a week, default a minute.</param>
internal sealed record ReplicationConfiguration(
    TimeSpan Lease, IReadOnlyList<string>? FenceCommand, TimeSpan FenceTimeout, TimeSpan TrashTime, TimeSpan BehindAfter);

/// <summary>A named place for volumes.</summary>
/// <param name="Name">The section's name.</param>
/// <param name="Driver"><c>native</c>.</param>
/// <param name="Directory">Absolute; default <c>data_dir/backends/NAME</c>.</param>
/// <param name="CapacityBytes">What the backend may fill; null: what its file system has.</param>
/// <param name="ReplicationTargets"><c>SITE@BACKEND</c> from <c>valid_replication_devices</c>.</param>
internal sealed record BackendConfiguration(
    string Name, string Driver, string Directory, long? CapacityBytes, IReadOnlyList<string> ReplicationTargets)
{
    /// <summary>From the end of one scrub to the start of the next; zero for none.</summary>
    public TimeSpan ScrubInterval { get; init; }

    /// <summary>The most that a scrub reads in a second, on average.</summary>
    public long ScrubBytesPerSecond { get; init; }
}
