using Skerry.Domain.Operations;
using Skerry.State.Merging;

namespace Skerry.Domain.Volumes;

/// <summary>The kinds of operation on volumes and snapshots, and their parameters.</summary>
public static class VolumeOperations
{
    public const string Create = "volume.create";
    public const string Extend = "volume.extend";
    public const string Revert = "volume.revert";
    public const string Delete = "volume.delete";
    public const string Check = "volume.check";
    public const string Usage = "volume.usage";
    public const string ResetStatus = "volume.reset_status";
    public const string CreateSnapshot = "snapshot.create";
    public const string DeleteSnapshot = "snapshot.delete";
    public const string ResetSnapshotStatus = "snapshot.reset_status";

    /// <summary>The handlers of all of these.</summary>
    public static IReadOnlyList<IOperationHandler> Handlers(
        SiteContext site, VolumeDrivers drivers, ExportRegistry exports, IEnumerable<IVolumeDeleteGuard> deleteGuards) =>
    [
        new CreateVolumeHandler(site, drivers),
        new ExtendVolumeHandler(site, drivers),
        new RevertVolumeHandler(site, drivers),
        new DeleteVolumeHandler(site, drivers, exports, [.. deleteGuards]),
        new CheckVolumeHandler(drivers),
        new SurveyVolumeHandler(drivers),
        new ResetStatusHandler(site, ResetStatus),
        new CreateSnapshotHandler(site, drivers),
        new DeleteSnapshotHandler(site, drivers, exports),
        new ResetStatusHandler(site, ResetSnapshotStatus),
    ];

    /// <summary>What a check is done to: a thing of its own beside the volume, so that nothing else that is asked of the volume waits for it.</summary>
    internal static EntityKey CheckOf(string volumeId) => new("volume_check", volumeId);

    /// <summary>The same for a look at what it takes.</summary>
    internal static EntityKey UsageOf(string volumeId) => new("volume_usage", volumeId);

    internal static readonly FieldValue NoParameters = FieldValue.FromJson("{}");
}
