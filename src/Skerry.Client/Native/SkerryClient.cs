using Skerry.Client.Native.Resources;
using Skerry.Client.Native.Wire;

namespace Skerry.Client.Native;

/// <summary>The cloud as one of its sites sees it, a property for each resource.</summary>
public sealed class SkerryClient(ApiConnection connection)
{
    public ApiConnection Connection => connection;

    public SitesClient Sites { get; } = new(connection);

    public VolumesClient Volumes { get; } = new(connection);

    public SnapshotsClient Snapshots { get; } = new(connection);

    public ReplicationsClient Replications { get; } = new(connection);

    public DrillsClient Drills { get; } = new(connection);

    public TrashClient Trash { get; } = new(connection);

    public GroupsClient Groups { get; } = new(connection);

    public PlansClient Plans { get; } = new(connection);

    public OperationsClient Operations { get; } = new(connection);

    public AlertsClient Alerts { get; } = new(connection);

    public EventsClient Events { get; } = new(connection);

    public ConflictsClient Conflicts { get; } = new(connection);

    public UsersClient Users { get; } = new(connection);

    public ProjectsClient Projects { get; } = new(connection);

    public VolumeTypesClient VolumeTypes { get; } = new(connection);

    public QuotasClient Quotas { get; } = new(connection);

    /// <summary>Which site answers, and its version.</summary>
    public Task<ApiVersionRecord> VersionAsync(CancellationToken cancellationToken) =>
        connection.GetAsync(Service.Skerry, "", SkerryJson.Default.ApiVersionRecord, cancellationToken);
}
