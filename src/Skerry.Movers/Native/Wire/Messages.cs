using System.Globalization;
using System.Text.Json.Serialization;
using Skerry.Blocks;

namespace Skerry.Movers.Native.Wire;

/// <summary>The source introduces itself and what it ships.</summary>
internal sealed record HelloMessage(
    int Version, string ReplicationId, string VolumeId, long Generation, string GenerationId, long SizeBytes)
{
    /// <summary>Raised when a frame changes its meaning; a peer refuses versions that it does not know.</summary>
    public const int CurrentVersion = 1;

    /// <summary>What the source can do beyond the version: words of <see cref="Wire.Features"/>; absent for none.</summary>
    public IReadOnlyList<string>? Features { get; init; }

    /// <summary>What comes are blocks that the replica's site cannot read, of a volume whose key it is not to have.</summary>
    public bool IsCiphertext { get; init; }
}

/// <summary>Where the replica stands: the answer to a hello, a question, and the end of a catch-up.</summary>
/// <param name="Lineage">Of its whole state.</param>
/// <param name="SizeBytes">Its size.</param>
/// <param name="IsWhole">False before the first copy is complete.</param>
/// <param name="DurableNumber">The last write number of that state that is on stable storage.</param>
/// <param name="CatchUp">The catch-up that was begun and not ended.</param>
internal sealed record StateMessage(
    LineageDocument Lineage, long SizeBytes, bool IsWhole, long DurableNumber, CatchUpDocument? CatchUp)
{
    /// <summary>What the replica's clock shows as it says so; absent from older ones.</summary>
    public DateTimeOffset? At { get; init; }

    /// <summary>What the replica can do beyond the version, in the answer to a hello; absent for none.</summary>
    public IReadOnlyList<string>? Features { get; init; }

    /// <summary>In the answer to a hello: the travelling snapshots that the replica has. Null when it has none, or does not know of them.</summary>
    public IReadOnlyList<string>? Snapshots { get; init; }
}

/// <summary>A catch-up, as both sides name it.</summary>
/// <param name="Lineage">The state of the source's snapshot, which the replica will be in.</param>
/// <param name="From">The write number of the newest state that both have been in.</param>
/// <param name="Compare">True when the replica has writes of its own after that, so that blocks are compared before they move.</param>
/// <param name="OffsetBytes">Everything below is in place.</param>
internal sealed record CatchUpDocument(LineageDocument Lineage, long From, bool Compare, long OffsetBytes);

/// <summary>The source begins, or goes on with, a catch-up.</summary>
/// <param name="CatchUp">Which one; the offset is not read.</param>
/// <param name="Kind">A word for reports.</param>
/// <param name="SizeBytes">Size of the snapshot.</param>
internal sealed record BeginCatchUpMessage(CatchUpDocument CatchUp, string Kind, long SizeBytes)
{
    /// <summary>
    /// The most block content that is to come, so that a place that is too small says so before the first of it; null when not known, as
    /// from sources that do not tell.
    /// </summary>
    public long? ContentBytes { get; init; }
}

/// <summary>The replica is ready; its own changed ranges, if blocks are to be compared, came before this.</summary>
internal sealed record ReadyMessage(long OffsetBytes);

/// <summary>Everything below the offset was sent.</summary>
internal sealed record PassedMessage(long OffsetBytes, long DoneBytes, long TotalBytes);

/// <summary>The end of a catch-up.</summary>
/// <param name="Digest">SHA-256, in hexadecimal, over the payloads of all Blocks and Hole frames since Ready.</param>
/// <param name="TakenAt">When the primary's disk was in that state, or later; null when the source, itself a replica, does not know.</param>
internal sealed record EndCatchUpMessage(
    string Digest, DateTimeOffset? TakenAt, long ComparedBytes, long MovedBytes, long EqualBytes, long TotalBytes, DateTimeOffset StartedAt,
    long ZeroedBytes)
{
    /// <summary>Of the frames that carried it, packed as they were; absent from older sources.</summary>
    public long WireBytes { get; init; }

    /// <summary>As <see cref="MarkMessage.TakenAtThere"/>.</summary>
    public DateTimeOffset? TakenAtThere { get; init; }
}

/// <summary>The replica is in this state now: it keeps it as the snapshot of that id, which it has at the source.</summary>
internal sealed record MakeSnapshotMessage(string Id, LineageDocument Lineage);

internal sealed record ExtendMessage(long SizeBytes);

/// <summary>All writes up to the number were sent; the source's disk was in that state at that time, or later.</summary>
internal sealed record MarkMessage(long Number, DateTimeOffset TakenAt)
{
    /// <summary>
    /// The same by the replica's clock, or earlier by what its last word was on its way: what that word showed, and how long after it.
    /// So how far apart the two clocks are does not matter. Null when the replica did not tell.
    /// </summary>
    public DateTimeOffset? TakenAtThere { get; init; }
}

/// <summary>
/// A cut of the volume's group: everything up to the number was sent, nothing after it, and the replica keeps this very state.
/// </summary>
/// <param name="CutId">The cut, by one name for all members.</param>
/// <param name="Number">The last write in it.</param>
/// <param name="TakenAt">When it was taken, by the source's clock.</param>
internal sealed record GroupMarkMessage(string CutId, long Number, DateTimeOffset TakenAt);

/// <summary>The replica keeps that cut, durably.</summary>
internal sealed record GroupMarkKeptMessage(string CutId, long Number);

/// <summary>The source lives, and owes so much.</summary>
internal sealed record HeartbeatMessage(long PrimaryNumber, long? OwedBytes);

/// <summary>What the replica applied, and what of it is on stable storage.</summary>
internal sealed record AckMessage(long AppliedNumber, long DurableNumber)
{
    /// <summary>What the replica's clock shows as it says so; absent from those that only say what was applied, and from older ones.</summary>
    public DateTimeOffset? At { get; init; }
}

/// <summary>The replica is to make all writes up to the number durable, which were sent before, and to answer with an Ack as soon as they are.</summary>
internal sealed record FlushAskMessage(long Number);

/// <summary>The source asks for leave to acknowledge for so long, counted from before it asked.</summary>
/// <param name="Sequence">Names the ask in its answer.</param>
internal sealed record LeaseAskMessage(long Sequence, long LengthMilliseconds);

/// <summary>The replica will not promote itself before that time, and more for the drift of clocks, has passed since it sent this.</summary>
internal sealed record LeaseGrantMessage(long Sequence, long LengthMilliseconds);

/// <summary>A replica's promise and a source's duty, kept with the volume at each: in that generation there are leases.</summary>
internal sealed record LeaseDocument(long Generation, string GenerationId, string ReplicationId, long LengthMilliseconds);

/// <summary>The replica does not take part.</summary>
/// <param name="IsTemporary">True when asking again later can help.</param>
/// <param name="Generation">The highest generation known there.</param>
/// <param name="Code">What is in the way, in a word of <see cref="RefusalCodes"/>; null when it is what the site's state says.</param>
internal sealed record RefusedMessage(string Message, string? NextStep, bool IsTemporary, long Generation, string? Code = null);

/// <summary>What can be in the way of a transfer, beside what the sites know of each other.</summary>
internal static class RefusalCodes
{
    /// <summary>The two sites speak different versions.</summary>
    public const string Version = "version";

    /// <summary>The place for the replica is too small, or full.</summary>
    public const string Space = "space";

    /// <summary>The place for the replica is not there.</summary>
    public const string Backend = "backend";

    /// <summary>The copies are encrypted in different ways, or the key is not at hand.</summary>
    public const string Key = "key";

    /// <summary>The copy could not be read or written.</summary>
    public const string Disk = "disk";

    /// <summary>The copy may not be taken over.</summary>
    public const string Adopt = "adopt";
}

/// <summary>Asks for blocks that went bad at the asking site.</summary>
internal sealed record FetchMessage(int Version, string VolumeId, IReadOnlyList<LostBlockDocument> Blocks);

/// <summary>A block that is looked for.</summary>
/// <param name="OffsetBytes">Where in the disk it begins.</param>
/// <param name="Crc">CRC-32C of its content; absent when the asking site will know it by the volume's key.</param>
internal sealed record LostBlockDocument(long OffsetBytes, uint? Crc);

/// <summary>A lineage as it is written; run ids are in hexadecimal, since JSON readers round large numbers.</summary>
internal sealed record LineageDocument(IReadOnlyList<RunDocument> Runs, long LastNumber)
{
    public static LineageDocument Of(Lineage lineage) =>
        new(
            [.. lineage.Runs.Select(r => new RunDocument(r.Generation, r.RunId.ToString("x16", CultureInfo.InvariantCulture), r.FirstNumber))],
            lineage.LastNumber);

    public Lineage ToLineage()
    {
        try
        {
            return new Lineage(
                [.. Runs.Select(r => new RunStart(r.Generation, ulong.Parse(r.RunId, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture), r.FirstNumber))],
                LastNumber);
        }
        catch (FormatException e)
        {
            throw new MoverProtocolException($"A lineage cannot be read: {e.Message}");
        }
    }
}

/// <summary>A replica's newest recovery point, kept with the volume.</summary>
internal sealed record RecoveryPointDocument(long Generation, string RunId, long Number, DateTimeOffset TakenAt)
{
    /// <summary>The same by the clock of the replica's site, or earlier; absent when the source did not tell.</summary>
    public DateTimeOffset? TakenAtHere { get; init; }
}

internal sealed record RunDocument(long Generation, string RunId, long FirstNumber);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(HelloMessage))]
[JsonSerializable(typeof(StateMessage))]
[JsonSerializable(typeof(BeginCatchUpMessage))]
[JsonSerializable(typeof(ReadyMessage))]
[JsonSerializable(typeof(PassedMessage))]
[JsonSerializable(typeof(EndCatchUpMessage))]
[JsonSerializable(typeof(ExtendMessage))]
[JsonSerializable(typeof(MarkMessage))]
[JsonSerializable(typeof(HeartbeatMessage))]
[JsonSerializable(typeof(GroupMarkMessage))]
[JsonSerializable(typeof(GroupMarkKeptMessage))]
[JsonSerializable(typeof(AckMessage))]
[JsonSerializable(typeof(MakeSnapshotMessage))]
[JsonSerializable(typeof(RefusedMessage))]
[JsonSerializable(typeof(FetchMessage))]
[JsonSerializable(typeof(CatchUpDocument))]
[JsonSerializable(typeof(RecoveryPointDocument))]
[JsonSerializable(typeof(FlushAskMessage))]
[JsonSerializable(typeof(LeaseAskMessage))]
[JsonSerializable(typeof(LeaseGrantMessage))]
[JsonSerializable(typeof(LeaseDocument))]
internal sealed partial class MoverJson : JsonSerializerContext;
