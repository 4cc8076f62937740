using System.Buffers.Binary;
using System.Security.Cryptography;
using Skerry.State.Clocks;
using Skerry.State.Log;

namespace Skerry.State.Trust;

/// <summary>
/// The unit of signing: mutations of one writer, consecutive in its numbers and in its log, that became durable together. The last one
/// carries the seal. Everything that cuts the log (a batch, a snapshot, a vector) cuts it between runs, so that whoever has a part of a
/// run has all of it.
/// </summary>
internal static class Run
{
    /// <summary>A run ends before it would pass these; one larger mutation is a run of its own.</summary>
    public const int MostMutations = 1024;

    public const int MostBytes = 128 << 10;

    private static ReadOnlySpan<byte> Domain => "skerry run 1\n"u8;

    public static bool Follows(Dot previous, Dot next) => next.Writer == previous.Writer && next.Sequence == previous.Sequence + 1;

    /// <summary>What the seal signs: who, which numbers, and the bytes of each mutation; of the last one those before the seal.</summary>
    public static void Digest(ReadOnlySpan<Mutation> run, int lastLength, Span<byte> digest)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Span<byte> number = stackalloc byte[8];
        hash.AppendData(Domain);
        Add(run[0].Dot.Site.Value, number);
        Add(run[0].Dot.Incarnation, number);
        Add((ulong)run[0].Dot.Sequence, number);
        Add((ulong)run[^1].Dot.Sequence, number);
        for (var i = 0; i < run.Length; i++)
        {
            var bytes = i < run.Length - 1 ? run[i].Encoded.Span : run[i].Encoded.Span[..lastLength];
            Add((ulong)bytes.Length, number);
            hash.AppendData(bytes);
        }

        hash.GetHashAndReset(digest);

        void Add(ulong value, Span<byte> buffer)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(buffer, value);
            hash.AppendData(buffer);
        }
    }
}
