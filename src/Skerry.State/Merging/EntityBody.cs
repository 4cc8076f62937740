using System.Runtime.InteropServices;
using System.Text.Json;
using Skerry.State.Clocks;
using Skerry.State.Log;

namespace Skerry.State.Merging;

/// <summary>
/// The canonical bytes of all standing values of one entity: equal values have equal bytes, at every site. They name their writers in
/// full, so they mean the same wherever they are read: in memory, in a snapshot, in a digest. Layout: docs/formats/mutations.md.
/// </summary>
internal static class EntityBody
{
    private const string Record = "entity";
    private const int SmallestOriginBytes = 27;
    private const int SmallestFieldBytes = 6;
    private const int SmallestValueBytes = 4;

    /// <param name="registers">In ordinal order of fields; at least one.</param>
    public static byte[] Encode(IReadOnlyList<Register> registers, ByteWriter scratch)
    {
        // A mutation usually wrote several of the fields; each is told once.
        var origins = new List<Origin>(4);
        foreach (var register in registers)
        {
            for (var i = 0; i < register.Count; i++)
            {
                var origin = register[i].Origin;
                if (origins.Count > 0 && ReferenceEquals(origin, origins[^1])) continue;
                var at = IndexOf(origins, origin.Dot);
                if (at < 0) origins.Insert(~at, origin);
            }
        }

        scratch.Clear();
        scratch.WriteVarint((ulong)origins.Count);
        foreach (var origin in origins) WriteOrigin(scratch, origin);
        scratch.WriteVarint((ulong)registers.Count);
        foreach (var register in registers)
        {
            scratch.WriteString(register.Field);
            scratch.WriteVarint((ulong)register.Count);
            for (var i = 0; i < register.Count; i++)
            {
                var value = register[i];
                WriteValue(scratch, IndexOf(origins, value.Dot), value.Marks, value.Rank, value.Value);
            }
        }

        return scratch.ToArray();
    }

    /// <summary>Holds bytes that another program wrote to the format; whatever is not canonical is refused.</summary>
    /// <param name="body">The bytes.</param>
    /// <param name="isCovered">Whether a snapshot that says so much may hold a value of that dot.</param>
    /// <exception cref="StateFormatException">They are not the bytes of an entity.</exception>
    public static void Check(ReadOnlySpan<byte> body, Func<Dot, bool> isCovered)
    {
        var reader = new ByteReader(body, Record);
        var origins = ReadOrigins(ref reader);
        foreach (var origin in origins)
        {
            if (!isCovered(origin.Dot)) throw reader.Fault($"a value of {origin.Dot}, which its vector does not cover");
        }

        var fields = reader.ReadCount(SmallestFieldBytes);
        if (fields == 0) throw reader.Fault("an entity without a field");
        Span<bool> isNamed = origins.Length <= 64 ? stackalloc bool[origins.Length] : new bool[origins.Length];
        var named = 0;
        string? before = null;
        for (; fields > 0; fields--)
        {
            var field = reader.ReadName();
            if (before is not null && string.CompareOrdinal(before, field) >= 0) throw reader.Fault("fields out of order");
            before = field;
            var values = reader.ReadCount(SmallestValueBytes);
            if (values == 0) throw reader.Fault("a field without a value");
            StandingValue? better = null;
            for (var several = values > 1; values > 0; values--)
            {
                var origin = reader.ReadInt(origins.Length - 1);
                if (!isNamed[origin]) named++;
                isNamed[origin] = true;
                var marks = (Marks)reader.ReadByte();
                var rank = reader.ReadInt(int.MaxValue);
                CheckValue(reader.ReadBytes(), Record);
                if (!several) continue;
                var value = new StandingValue(origins[origin], default, rank, marks);
                if (better is not null && StandingValue.Compare(better, value) >= 0) throw reader.Fault("standing values out of order");
                better = value;
            }
        }

        if (named != origins.Length) throw reader.Fault("an origin without a value");
        reader.ExpectEnd();
    }

    /// <summary>The mutations whose values stand, ascending by dot.</summary>
    public static Origin[] Origins(byte[] body)
    {
        var reader = new ByteReader(body, Record);
        return ReadOrigins(ref reader);
    }

    /// <summary>The fields with their standing values, as objects.</summary>
    public static Register[] Registers(byte[] body, int fieldsAt)
    {
        var origins = Origins(body);
        var registers = new List<Register>();
        for (var fields = new FieldCursor(body, fieldsAt); fields.NextField();)
        {
            registers.Add(Register(NameTable.Shared.Get(fields.Name), ref fields, origins));
        }

        return [.. registers];
    }

    /// <summary>The field that the cursor stands on.</summary>
    public static Register Register(string field, ref FieldCursor at, Origin[] origins)
    {
        var count = at.Count;
        if (count == 1) return new Register(field, Next(ref at, origins));
        var standing = new StandingValue[count];
        for (var i = 0; i < count; i++) standing[i] = Next(ref at, origins);
        return new Register(field, standing);
    }

    public static void WriteValue(ByteWriter writer, int origin, Marks marks, int rank, FieldValue value)
    {
        writer.WriteVarint((ulong)origin);
        writer.WriteByte((byte)marks);
        writer.WriteVarint((ulong)rank);
        writer.WriteBytes(value.Bytes);
    }

    public static void WriteOrigin(ByteWriter writer, Origin origin)
    {
        writer.WriteUInt64(origin.Dot.Site.Value);
        writer.WriteUInt64(origin.Dot.Incarnation);
        writer.WriteVarint((ulong)origin.Dot.Sequence);
        writer.WriteUInt64(origin.Stamp.Value);
        writer.WriteVarint((ulong)origin.Flags);
        writer.WriteString(origin.Author);
    }

    public static Origin ReadOrigin(scoped ref ByteReader reader)
    {
        var dot = new Dot(new SiteId(reader.ReadUInt64()), reader.ReadUInt64(), reader.ReadPositive());
        var stamp = new Hlc(reader.ReadUInt64());
        var flags = (OriginFlags)reader.ReadVarint();
        return new Origin(dot, stamp, reader.ReadName(), flags);
    }

    /// <summary>A copy of a value, as it was written: equal at all sites is what counts.</summary>
    public static FieldValue ReadValue(scoped ref ByteReader reader, string record)
    {
        var utf8 = reader.ReadBytes();
        CheckValue(utf8, record);
        return new FieldValue(utf8.ToArray());
    }

    public static void CheckValue(ReadOnlySpan<byte> utf8, string record)
    {
        try
        {
            FieldValue.Check(utf8);
        }
        catch (JsonException invalid)
        {
            throw new StateFormatException($"Damaged {record}: a value that is not JSON.", invalid);
        }
    }

    private static Origin[] ReadOrigins(scoped ref ByteReader reader)
    {
        var origins = new Origin[reader.ReadCount(SmallestOriginBytes)];
        if (origins.Length == 0) throw reader.Fault("an entity without an origin");
        for (var i = 0; i < origins.Length; i++)
        {
            origins[i] = ReadOrigin(ref reader);
            if (i > 0 && origins[i - 1].Dot >= origins[i].Dot) throw reader.Fault("origins out of order");
        }

        return origins;
    }

    private static StandingValue Next(ref FieldCursor at, Origin[] origins)
    {
        at.NextValue();
        return new StandingValue(origins[at.Origin], at.Value, at.Rank, at.Marks);
    }

    private static int IndexOf(List<Origin> origins, Dot dot)
    {
        var span = CollectionsMarshal.AsSpan(origins);
        for (var i = 0; i < span.Length; i++)
        {
            if (span[i].Dot == dot) return i;
            if (span[i].Dot > dot) return ~i;
        }

        return ~span.Length;
    }
}
