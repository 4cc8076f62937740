using System.Security.Cryptography;
using Skerry.State.Clocks;
using Skerry.State.Merging;

namespace Skerry.State.Log;

/// <summary>
/// One consistent cut of a site's state: its vector, the standing values with their marks, and the conflict history. Immutable; taking
/// one costs a reference.
/// </summary>
public sealed class StateSnapshot
{
    /// <summary>Small enough to be collected young: a large state passes through in thousands of them.</summary>
    public const int DefaultChunkBytes = 60 << 10;

    internal StateSnapshot(ReplicaState state) => State = state;

    public VersionVector Vector => State.Vector;

    internal ReplicaState State { get; }

    public Entity? Find(EntityKey key) => State.Find(key);

    /// <summary>Living entities of the kind in order of ids.</summary>
    public IReadOnlyList<Entity> List(string kind) => State.Table(kind).Living;

    /// <summary>
    /// The snapshot in chunks of about the given size (an entity is not split). The same snapshot gives the same chunks each time, so
    /// a transfer can go on from any chunk.
    /// </summary>
    public IEnumerable<ReadOnlyMemory<byte>> Encode(int chunkBytes = DefaultChunkBytes) => SnapshotCodec.Encode(State, chunkBytes);

    /// <summary>Puts chunks together again, in order.</summary>
    /// <exception cref="StateFormatException">They are damaged, out of order or incomplete.</exception>
    public static StateSnapshot Decode(IEnumerable<ReadOnlyMemory<byte>> chunks)
    {
        ArgumentNullException.ThrowIfNull(chunks);
        var decoder = new SnapshotDecoder(StateSchema.Default);
        foreach (var chunk in chunks) decoder.Add(chunk.Span);
        return new StateSnapshot(decoder.Complete());
    }

    /// <summary>SHA-256 over the vector and the digest of all entities: equal at sites that have seen the same.</summary>
    public byte[] Digest()
    {
        var all = Digests().Of(KeyRange.Everything);
        var writer = new ByteWriter();
        writer.WriteRaw(Vector.Encode());
        writer.WriteVarint((ulong)all.Count);
        writer.WriteRaw(all.Sum());
        return SHA256.HashData(writer.Written);
    }

    /// <summary>Digests by ranges of keys, to find what differs between two sites of equal vectors.</summary>
    public StateDigests Digests() => new(State);
}
