using System.Collections;
using System.Collections.Immutable;
using Skerry.State.Log;

namespace Skerry.State.Clocks;

/// <summary>How two vectors stand to each other.</summary>
public enum VectorOrder
{
    Equal,

    /// <summary>The other one covers everything of this one, and more.</summary>
    Before,

    /// <summary>This one covers everything of the other, and more.</summary>
    After,

    /// <summary>Each covers something that the other does not.</summary>
    Concurrent,
}

/// <summary>
/// Which mutations a site has: for every writer the highest sequence number, all lower ones included. Immutable; enumerates the
/// highest dot of each writer in dot order.
/// </summary>
public sealed class VersionVector : IEnumerable<Dot>, IEquatable<VersionVector>
{
    private static readonly ImmutableSortedDictionary<Writer, long> None = ImmutableSortedDictionary<Writer, long>.Empty;

    // Invariant: a writer is in the first only with a number above the one that it has in the second.
    private readonly ImmutableSortedDictionary<Writer, long> _highest;
    private readonly ImmutableSortedDictionary<Writer, long> _retired;

    private VersionVector(ImmutableSortedDictionary<Writer, long> highest, ImmutableSortedDictionary<Writer, long> retired)
    {
        _highest = highest;
        _retired = retired;
    }

    public static VersionVector Empty { get; } = new(None, None);

    /// <summary>Number of writers, those that are retired aside.</summary>
    public int Count => _highest.Count;

    /// <summary>The retired writers with their ends: covered, but neither counted nor compared nor encoded with the vector.</summary>
    public VersionVector Retired => _retired.IsEmpty ? Empty : new VersionVector(_retired, None);

    /// <summary>The highest sequence number known of the writer, retired or not; 0 when none is.</summary>
    public long this[Writer writer] => _highest.TryGetValue(writer, out var highest) ? highest : _retired.GetValueOrDefault(writer);

    public bool Covers(Dot dot) => this[dot.Writer] >= dot.Sequence;

    public bool CoversAll(VersionVector other)
    {
        ArgumentNullException.ThrowIfNull(other);
        if (ReferenceEquals(this, other)) return true;
        foreach (var dot in other)
        {
            if (!Covers(dot)) return false;
        }

        return true;
    }

    /// <summary>The vector that covers the dot and all earlier ones of its writer too.</summary>
    public VersionVector With(Dot dot) => Covers(dot) ? this : new VersionVector(_highest.SetItem(dot.Writer, dot.Sequence), _retired);

    /// <summary>
    /// The vector that covers the same and no longer names the writers whose end this is. What one of them made beyond its end is named
    /// as ever, so that a wrong end loses nothing.
    /// </summary>
    public VersionVector Retire(VersionVector ends)
    {
        ArgumentNullException.ThrowIfNull(ends);
        if (ends.Count == 0) return this;
        var highest = _highest.ToBuilder();
        var retired = _retired.ToBuilder();
        foreach (var end in ends)
        {
            retired[end.Writer] = Math.Max(end.Sequence, retired.GetValueOrDefault(end.Writer));
            if (highest.TryGetValue(end.Writer, out var known) && known <= retired[end.Writer]) highest.Remove(end.Writer);
        }

        return new VersionVector(highest.ToImmutable(), retired.ToImmutable());
    }

    /// <summary>The same, naming these writers although they are retired: for who may not know it yet.</summary>
    public VersionVector Naming(IEnumerable<Dot> ends)
    {
        var named = _highest.ToBuilder();
        foreach (var end in ends) named[end.Writer] = Math.Max(this[end.Writer], end.Sequence);
        return new VersionVector(named.ToImmutable(), None);
    }

    public VersionVector Merge(VersionVector other)
    {
        ArgumentNullException.ThrowIfNull(other);
        var builder = _highest.ToBuilder();
        foreach (var dot in other)
        {
            if (!Covers(dot)) builder[dot.Writer] = dot.Sequence;
        }

        return new VersionVector(builder.ToImmutable(), _retired).Retire(other.Retired);
    }

    public VectorOrder Compare(VersionVector other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return (CoversAll(other), other.CoversAll(this)) switch
        {
            (true, true) => VectorOrder.Equal,
            (false, true) => VectorOrder.Before,
            (true, false) => VectorOrder.After,
            _ => VectorOrder.Concurrent,
        };
    }

    /// <summary>The canonical bytes: equal vectors have equal bytes. Format: docs/formats/mutations.md.</summary>
    public byte[] Encode()
    {
        var writer = new ByteWriter();
        WriteTo(writer);
        return writer.ToArray();
    }

    /// <exception cref="StateFormatException">The bytes are not a vector.</exception>
    public static VersionVector Decode(ReadOnlySpan<byte> bytes)
    {
        var reader = new ByteReader(bytes, "version vector");
        var vector = ReadFrom(ref reader);
        reader.ExpectEnd();
        return vector;
    }

    internal void WriteTo(ByteWriter writer)
    {
        writer.WriteVarint((ulong)_highest.Count);
        foreach (var (key, sequence) in _highest)
        {
            writer.WriteUInt64(key.Site.Value);
            writer.WriteUInt64(key.Incarnation);
            writer.WriteVarint((ulong)sequence);
        }
    }

    internal static VersionVector ReadFrom(scoped ref ByteReader reader)
    {
        var count = reader.ReadCount(minimumBytesEach: 17);
        var builder = Empty._highest.ToBuilder();
        Writer? previous = null;
        for (var i = 0; i < count; i++)
        {
            var writer = new Writer(new SiteId(reader.ReadUInt64()), reader.ReadUInt64());
            var sequence = reader.ReadPositive();
            if (sequence == 0) throw reader.Fault("a writer without any sequence number");
            if (previous is { } before && writer <= before) throw reader.Fault("writers out of order");
            builder.Add(writer, sequence);
            previous = writer;
        }

        return new VersionVector(builder.ToImmutable(), None);
    }

    public bool Equals(VersionVector? other) => other is not null && Count == other.Count && CoversAll(other) && other.CoversAll(this);

    public override bool Equals(object? obj) => Equals(obj as VersionVector);

    public override int GetHashCode()
    {
        var hash = new HashCode();
        foreach (var dot in this) hash.Add(dot);
        return hash.ToHashCode();
    }

    public override string ToString() => "{" + string.Join(", ", this) + "}";

    public IEnumerator<Dot> GetEnumerator()
    {
        foreach (var (writer, sequence) in _highest) yield return new Dot(writer.Site, writer.Incarnation, sequence);
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
