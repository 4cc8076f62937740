using Skerry.State.Clocks;
using Skerry.State.Log;

namespace Skerry.Sync.Protocol;

/// <summary>One message between two sites. docs/formats/wire.md has the bytes.</summary>
public abstract record Frame;

/// <summary>The first frame of each end: who speaks, in which versions, and what it has.</summary>
public sealed record Hello : Frame
{
    /// <summary>The lowest and the highest protocol version that the sender speaks.</summary>
    public required int LeastVersion { get; init; }

    public required int MostVersion { get; init; }

    /// <summary>Random, made with the cloud; sites of two clouds never exchange state.</summary>
    public required string CloudId { get; init; }

    public required SiteId Site { get; init; }

    public required ulong Incarnation { get; init; }

    /// <summary>All that the sender has on stable storage.</summary>
    public required VersionVector Vector { get; init; }

    /// <summary>Bytes of batches that may be on their way to the sender without its acknowledgement.</summary>
    public required int WindowBytes { get; init; }

    /// <summary>The snapshot of the receiver's that the sender holds a part of; null when none.</summary>
    public SnapshotPosition? Staged { get; init; }

    /// <summary>What the sender understands beyond version 1; see <see cref="Protocol.Features"/>. Unknown words mean nothing.</summary>
    public IReadOnlyList<string> Features { get; init; } = [];
}

/// <summary>How much of a snapshot is there.</summary>
/// <param name="Snapshot">The random name that its maker gave it.</param>
/// <param name="Chunks">Whole ones, from its start.</param>
public sealed record SnapshotPosition(Guid Snapshot, long Chunks);

/// <summary>Mutations in the sender's order of application.</summary>
/// <param name="Number">1 for the first batch of a connection, and so on.</param>
/// <param name="Mutations">At least one.</param>
public sealed record Batch(long Number, IReadOnlyList<Mutation> Mutations) : Frame;

/// <summary>All batches up to this one are on stable storage at the sender of this frame.</summary>
public sealed record BatchAck(long Number) : Frame;

/// <summary>The receiver is behind the sender's log; the whole state follows in chunks.</summary>
/// <param name="Snapshot">A random name, under which an interrupted transfer is taken up again.</param>
/// <param name="From">Chunks that the receiver has already: above 0 when an interrupted transfer goes on.</param>
public sealed record SnapshotOffer(Guid Snapshot, long From) : Frame;

/// <summary>A piece of a chunk of the offered snapshot; a chunk that is too large for one frame comes in several.</summary>
/// <param name="Snapshot">The offered one.</param>
/// <param name="Index">Of the chunk, from 0.</param>
/// <param name="EndsChunk">The chunk is whole with this piece.</param>
/// <param name="EndsSnapshot">So is the snapshot.</param>
/// <param name="Bytes">At least one.</param>
public sealed record SnapshotPiece(
    Guid Snapshot, long Index, bool EndsChunk, bool EndsSnapshot, ReadOnlyMemory<byte> Bytes) : Frame;

/// <summary>So many chunks of the snapshot arrived whole.</summary>
/// <param name="Snapshot">The offered one.</param>
/// <param name="Chunks">From its start.</param>
/// <param name="IsJoined">All of them, and the receiver's state on stable storage covers the snapshot's vector.</param>
public sealed record SnapshotAck(Guid Snapshot, long Chunks, bool IsJoined) : Frame;

/// <summary>Says that the sender lives, and measures the link and the clocks.</summary>
/// <param name="WallMicroseconds">The sender's physical time, Unix microseconds.</param>
/// <param name="SentMicroseconds">The sender's monotonic clock; only the sender understands it.</param>
/// <param name="EchoMicroseconds">The last <paramref name="SentMicroseconds"/> that came from the receiver; 0 when none did.</param>
/// <param name="HeldMicroseconds">How long the sender held that echo.</param>
public sealed record Heartbeat(long WallMicroseconds, long SentMicroseconds, long EchoMicroseconds, long HeldMicroseconds) : Frame;

/// <summary>When other sites were last alive, as the sender knows.</summary>
/// <param name="EchoMicroseconds">The last <see cref="Heartbeat.SentMicroseconds"/> that came from the receiver, above 0.</param>
/// <param name="HeldMicroseconds">How long the sender held that echo; so the receiver knows how long this was under way at most.</param>
/// <param name="Rumours">At most 128.</param>
public sealed record GossipFrame(long EchoMicroseconds, long HeldMicroseconds, IReadOnlyList<Rumour> Rumours) : Frame;

/// <summary>What is told of one site.</summary>
/// <param name="Site">Of whom.</param>
/// <param name="By">Who heard it over a link of its own.</param>
/// <param name="Age">It lived at most so long ago; whole milliseconds, rounded up.</param>
/// <param name="Hops">How many have passed it on: 0 when the sender heard it.</param>
/// <param name="IsBehind">On the way there somebody still catches up.</param>
public readonly record struct Rumour(SiteId Site, SiteId By, TimeSpan Age, int Hops, bool IsBehind);

/// <summary>The last frame: why the link is closed.</summary>
public sealed record Bye(ByeCode Code, string Text) : Frame;
