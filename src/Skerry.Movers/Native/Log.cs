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

    [LoggerMessage(Level = LogLevel.Warning, Message = "Volume {VolumeId}: {Blocks} bad blocks from byte {Offset} on; site {Site} had {Found} of them")]
    public static partial void Fetched(ILogger logger, string volumeId, int blocks, long offset, string site, int found);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Volume {VolumeId}: {Blocks} bad blocks from byte {Offset} on; site {Site} could not be asked: {Reason}")]
    public static partial void NotFetched(ILogger logger, string volumeId, int blocks, long offset, string site, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Volume {VolumeId}: {Blocks} bad blocks from byte {Offset} on, and no other site holds a copy")]
    public static partial void NobodyToAsk(ILogger logger, string volumeId, int blocks, long offset);

    [LoggerMessage(Level = LogLevel.Information, Message = "Site {Peer} lost {Blocks} blocks of volume {VolumeId}; this site gave {Found} of them")]
    public static partial void Gave(ILogger logger, string peer, int blocks, string volumeId, int found);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Replication {ReplicationId} of volume {VolumeId} is not getting on: {Reason}")]
    public static partial void Trouble(ILogger logger, string replicationId, string volumeId, string reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "Replication {ReplicationId} of volume {VolumeId}: flushes wait, since it could not be noted that they are acknowledged here alone: {Reason}")]
    public static partial void NoteFailed(ILogger logger, string replicationId, string volumeId, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The system has no libzstd.so.1: transfers go as they are. Install the package libzstd1 and start again to have them packed")]
    public static partial void NoZstd(ILogger logger);
}
