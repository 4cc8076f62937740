using System.Globalization;
using Skerry.Domain.Replication;

namespace Skerry.Domain.Events;

/// <summary>A transfer of the history as an event: it is kept there already, so the journal has none of it.</summary>
internal static class TransferEvent
{
    public static SiteEvent Of(string site, Relation relation, string? volumeName, TransferEntry entry)
    {
        var volume = string.IsNullOrEmpty(volumeName) ? relation.VolumeId : volumeName;
        var moved = entry.MovedBytes.ToString(CultureInfo.InvariantCulture);
        var message = entry.Reason is null
            ? $"The {entry.Kind} of volume {volume} by replication {relation.Id} is done: {moved} bytes moved."
            : entry.Kind == "attempt" ? $"Volume {volume} could not be sent by replication {relation.Id}: {entry.Reason}"
            : $"The {entry.Kind} of volume {volume} by replication {relation.Id} failed after {moved} bytes: {entry.Reason}";
        return new SiteEvent(EventKinds.Transfer, message)
        {
            Id = Ids.Derived("event", $"{site}/transfer/{relation.Id}/{Text(entry.StartedAt)}/{Text(entry.EndedAt)}/{entry.Result}"),
            At = entry.EndedAt,
            VolumeId = relation.VolumeId,
            VolumeName = volume == relation.VolumeId ? null : volume,
            ReplicationId = relation.Id,
            TransferKind = entry.Kind,
            Status = entry.Result,
            Reason = entry.Reason,
            MovedBytes = entry.MovedBytes,
            DurationSeconds = Math.Round((entry.EndedAt - entry.StartedAt).TotalSeconds, 3),
        };
    }

    private static string Text(DateTimeOffset at) => at.UtcTicks.ToString(CultureInfo.InvariantCulture);
}
