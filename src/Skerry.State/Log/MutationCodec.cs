using Skerry.State.Clocks;
using Skerry.State.Merging;

namespace Skerry.State.Log;

/// <summary>
/// The binary form of a mutation; docs/formats/mutations.md has the layout. Dots are short: a table of writers, the mutation's own
/// first, and an index into it.
/// </summary>
public static class MutationCodec
{
    /// <summary>The version that this program writes, and the highest that it reads.</summary>
    public const byte Version = 1;

    /// <summary>The longest mutation, in bytes.</summary>
    public const int MaxEncodedBytes = 4 << 20;

    /// <summary>Of a seal: r and s of ECDSA on P-256.</summary>
    internal const int SealBytes = 64;

    internal const int ChecksumBytes = 4;

    private const byte SealTag = 1;
    private const int SealedBytes = SealBytes + 2;

    private const string Record = "mutation";
    private const byte UrgentFlag = 1;
    private const byte UnsureFlag = 2;
    private const byte InRunFlag = 4;
    private const byte SameEntityFlag = 0x80;
    private const byte KnowsDeleteFlag = 0x40;
    private const byte KindMask = 0x3F;

    /// <summary>Makes the mutation with its bytes.</summary>
    /// <exception cref="StateLimitException">It would be longer than <see cref="MaxEncodedBytes"/>.</exception>
    internal static Mutation Create(Dot dot, Hlc stamp, string author, bool urgent, IReadOnlyList<Change> changes, OriginFlags flags = OriginFlags.None, bool isInRun = false)
    {
        var writers = WriterTable.Of(dot.Writer);
        foreach (var change in changes) writers.AddAll(change);

        var writer = new ByteWriter();
        writer.WriteByte(Version);
        var unsure = (flags & OriginFlags.UnsureStamp) != 0;
        writer.WriteByte((byte)((urgent ? UrgentFlag : 0) | (unsure ? UnsureFlag : 0) | (isInRun ? InRunFlag : 0)));
        writer.WriteUInt64(dot.Site.Value);
        writer.WriteUInt64(dot.Incarnation);
        writer.WriteVarint((ulong)dot.Sequence);
        writer.WriteUInt64(stamp.Value);
        writer.WriteString(author);
        writers.WriteOthersTo(writer);
        writer.WriteVarint((ulong)changes.Count);
        EntityKey previous = default;
        foreach (var change in changes)
        {
            WriteChange(writer, change, change.Key == previous, writers);
            previous = change.Key;
        }

        writer.WriteVarint(0); // no extensions
        writer.WriteChecksum();
        if (writer.Length + SealedBytes > MaxEncodedBytes)
        {
            throw new StateLimitException($"A mutation of {writer.Length} bytes is over the limit of {MaxEncodedBytes}; write in smaller steps.");
        }

        return new Mutation(new Origin(dot, stamp, author, flags), urgent, changes, writer.ToArray(), isInRun);
    }

    /// <summary>The same mutation, made here and without extensions so far, with a seal.</summary>
    internal static Mutation WithSeal(Mutation mutation, ReadOnlySpan<byte> signature)
    {
        var bytes = mutation.Encoded.Span[..^(ChecksumBytes + 1)];
        var writer = new ByteWriter();
        writer.WriteRaw(bytes);
        writer.WriteVarint(1);
        var sealAt = writer.Length;
        writer.WriteVarint(SealTag);
        writer.WriteBytes(signature);
        writer.WriteChecksum();
        return new Mutation(mutation.Origin, mutation.IsUrgent, mutation.Changes, writer.ToArray(), isInRun: true, sealAt);
    }

    /// <summary>Reads a mutation. The bytes are kept by the result and must not change afterwards.</summary>
    /// <exception cref="StateFormatException">They are cut, altered, too long, or of a version that is too new.</exception>
    public static Mutation Decode(ReadOnlyMemory<byte> encoded)
    {
        if (encoded.Length > MaxEncodedBytes) throw new StateFormatException($"A mutation of {encoded.Length} bytes is over the limit of {MaxEncodedBytes}.");
        var reader = ByteReader.Checked(encoded.Span, Record);
        var version = reader.ReadByte();
        if (version is 0 or > Version)
        {
            throw new StateFormatException($"A mutation of format {version} is newer than this program, which knows up to {Version}; upgrade this site first.");
        }

        var flags = reader.ReadByte();
        var origin = (flags & UnsureFlag) != 0 ? OriginFlags.UnsureStamp : OriginFlags.None;
        var self = new Writer(new SiteId(reader.ReadUInt64()), reader.ReadUInt64());
        var sequence = reader.ReadPositive();
        if (sequence == 0) throw reader.Fault("sequence numbers start at 1");
        var stamp = new Hlc(reader.ReadUInt64());
        var author = reader.ReadName();
        var writers = WriterTable.ReadFrom(ref reader, self);
        var changes = new Change[reader.ReadCount(minimumBytesEach: 2)];
        for (var i = 0; i < changes.Length; i++) changes[i] = ReadChange(ref reader, encoded, i == 0 ? null : changes[i - 1].Key, writers);

        if (changes.Length > 1 && Array.Exists(changes, change => change.Kind == ChangeKind.Retire)) throw reader.Fault("it retires incarnations beside other changes");

        // Unknown extensions are a newer version's: a tag and bytes, kept because the whole encoding is.
        var sealAt = 0;
        var extensions = reader.ReadCount(minimumBytesEach: 2);
        for (var i = 0; i < extensions; i++)
        {
            var at = reader.Position;
            if (reader.ReadVarint() != SealTag) reader.ReadBytes();
            else if (reader.ReadBytes().Length == SealBytes && i == extensions - 1) sealAt = at;
            else throw reader.Fault("a seal that is not the last extension, or of another length");
        }

        reader.ExpectEnd();
        return new Mutation(
            new Origin(new Dot(self.Site, self.Incarnation, sequence), stamp, author, origin), (flags & UrgentFlag) != 0, changes, encoded,
            (flags & InRunFlag) != 0, sealAt);
    }

    private static void WriteChange(ByteWriter writer, Change change, bool sameEntity, WriterTable writers)
    {
        writer.WriteByte((byte)((byte)change.Kind | (sameEntity ? SameEntityFlag : 0) | (change.KnowsDelete ? KnowsDeleteFlag : 0)));
        if (!sameEntity)
        {
            writer.WriteString(change.Key.Kind);
            writer.WriteString(change.Key.Id);
        }

        if (change.Kind != ChangeKind.Set) writers.WriteDots(writer, change.Seen);
        if (change.Kind is ChangeKind.Purge or ChangeKind.Retire) return;
        if (change.Kind == ChangeKind.Set)
        {
            writer.WriteString(change.Field);
            writer.WriteBytes(change.Value.Bytes);
        }

        writer.WriteVarint((ulong)change.Rank);
        writers.WriteDots(writer, change.Replaces);
        writers.WriteDots(writer, change.Outranks);
        writer.WriteVarint((ulong)change.Settles.Count);
        foreach (var settled in change.Settles)
        {
            writers.WriteDot(writer, settled.Dot);
            writer.WriteUInt64(settled.Stamp.Value);
            writer.WriteString(settled.Author);
            writer.WriteVarint((ulong)settled.Rank);
            writer.WriteBytes(settled.Value.Bytes);
        }
    }

    private static Change ReadChange(ref ByteReader reader, ReadOnlyMemory<byte> encoded, EntityKey? previous, WriterTable writers)
    {
        var head = reader.ReadByte();
        var kind = (ChangeKind)(head & KindMask);
        if (kind is not (ChangeKind.Set or ChangeKind.Delete or ChangeKind.Purge or ChangeKind.Retire)) throw reader.Fault($"a change of unknown kind {(byte)kind}; upgrade this site first");
        var key = (head & SameEntityFlag) == 0 ? new EntityKey(reader.ReadName(), reader.ReadString())
            : previous ?? throw reader.Fault("a first change without its entity");
        var seen = kind == ChangeKind.Set ? [] : writers.ReadDots(ref reader);
        if (kind == ChangeKind.Retire && Array.Exists(seen, end => end.Site != writers.Self.Site || end.Writer == writers.Self)) throw reader.Fault("it retires what is not a closed incarnation of its own site");
        if (kind is ChangeKind.Purge or ChangeKind.Retire) return new Change { Kind = kind, Key = key, Seen = seen };

        var field = kind == ChangeKind.Set ? reader.ReadName() : Entity.LifecycleField;
        var value = kind == ChangeKind.Set ? ReadValue(ref reader, encoded) : Entity.Gone;
        var rank = reader.ReadInt(int.MaxValue);
        var replaces = writers.ReadDots(ref reader);
        var outranks = writers.ReadDots(ref reader);
        var settles = new StandingValue[reader.ReadCount(minimumBytesEach: 13)];
        for (var i = 0; i < settles.Length; i++)
        {
            var origin = new Origin(writers.ReadDot(ref reader), new Hlc(reader.ReadUInt64()), reader.ReadName());
            if (!replaces.Contains(origin.Dot)) throw reader.Fault("a settled value that is not replaced");
            var settledRank = reader.ReadInt(int.MaxValue);
            settles[i] = new StandingValue(origin, EntityBody.ReadValue(ref reader, Record), settledRank, Marks.None);
        }

        return new Change
        {
            Kind = kind,
            Key = key,
            Field = field,
            Value = value,
            Rank = rank,
            Seen = seen,
            Replaces = replaces,
            Outranks = outranks,
            Settles = settles,
            KnowsDelete = (head & KnowsDeleteFlag) != 0,
        };
    }

    /// <summary>The value stays where it is: a mutation keeps its bytes.</summary>
    private static FieldValue ReadValue(ref ByteReader reader, ReadOnlyMemory<byte> encoded)
    {
        var utf8 = reader.ReadBytes();
        EntityBody.CheckValue(utf8, Record);
        return new FieldValue(encoded.Slice(reader.Position - utf8.Length, utf8.Length));
    }
}
