using Microsoft.Extensions.Logging;

namespace Skerry.Movers.Native;

internal static partial class Log
{
    [LoggerMessage(Level = LogLevel.Information, Message = "The mover's link with site {Peer} ended: {Reason}")]
    public static partial void LinkLost(ILogger logger, string peer, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The mover's link with site {Peer} was closed: {Reason}")]
    public static partial void BadPeer(ILogger logger, string peer, string reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "The copy of volume {VolumeId} cannot be written: {Reason}")]
    public static partial void CopyFailed(ILogger logger, string volumeId, string reason);

    [LoggerMessage(Level = LogLevel.Information, Message = "Replication {ReplicationId} of volume {VolumeId}: {Plan} from number {From}, {Bytes} bytes to handle")]
    public static partial void Planned(ILogger logger, string replicationId, string volumeId, string plan, long from, long bytes);

    [LoggerMessage(Level = LogLevel.Information, Message = "Replication {ReplicationId} of volume {VolumeId}: {Kind} done, {Compared} bytes compared, {Moved} moved, {Equal} equal")]
    public static partial void Transferred(
        ILogger logger, string replicationId, string volumeId, string kind, long compared, long moved, long equal);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Replication {ReplicationId} of volume {VolumeId} is not getting on: {Reason}")]
    public static partial void Trouble(ILogger logger, string replicationId, string volumeId, string reason);
}
