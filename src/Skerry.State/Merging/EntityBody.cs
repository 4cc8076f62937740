using System.Runtime.InteropServices;
using System.Text.Json;
using Skerry.State.Clocks;
using Skerry.State.Log;

namespace Skerry.State.Merging;

/// <summary>
/// The canonical bytes of all standing values of one entity: equal values have equal bytes, at every site. They name their writers in
/// full, so they mean the same wherever they are read. Layout: docs/formats/mutations.md.
/// </summary>
internal static class EntityBody
{
    private const string Record = "entity";
    private const int SmallestOriginBytes = 27;
    private const int SmallestFieldBytes = 6;
    private const int SmallestValueBytes = 4;

    /// <param name="registers">In ordinal order of fields.</param>
    public static void Write(ByteWriter writer, IReadOnlyList<Register> registers)
    {
        // A mutation usually wrote several of the fields; each is told once.
        var origins = new List<Origin>();
        foreach (var register in registers)
        {
            foreach (var value in register.Standing)
            {
                var at = IndexOf(origins, value.Dot);
                if (at < 0) origins.Insert(~at, value.Origin);
            }
        }

        writer.WriteVarint((ulong)origins.Count);
        foreach (var origin in origins) WriteOrigin(writer, origin);
        writer.WriteVarint((ulong)registers.Count);
        foreach (var register in registers)
        {
            writer.WriteString(register.Field);
            writer.WriteVarint((ulong)register.Count);
            foreach (var value in register.Standing)
            {
                writer.WriteVarint((ulong)IndexOf(origins, value.Dot));
                writer.WriteByte((byte)value.Marks);
                writer.WriteVarint((ulong)value.Rank);
                writer.WriteBytes(value.Value.Bytes);
            }
        }
    }

    /// <summary>Reads bytes that another program wrote; whatever is not canonical is refused.</summary>
    /// <exception cref="StateFormatException">They are not the bytes of an entity.</exception>
    public static Register[] Read(ReadOnlySpan<byte> body)
    {
        var reader = new ByteReader(body, Record);
        var origins = new Origin[reader.ReadCount(SmallestOriginBytes)];
        for (var i = 0; i < origins.Length; i++)
        {
            origins[i] = ReadOrigin(ref reader);
            if (i > 0 && origins[i - 1].Dot >= origins[i].Dot) throw reader.Fault("origins out of order");
        }

        if (origins.Length == 0) throw reader.Fault("an entity without an origin");
        var named = 0;
        var registers = new Register[reader.ReadCount(SmallestFieldBytes)];
        if (registers.Length == 0) throw reader.Fault("an entity without a field");
        Span<bool> isNamed = origins.Length <= 64 ? stackalloc bool[origins.Length] : new bool[origins.Length];
        for (var i = 0; i < registers.Length; i++)
        {
            var field = reader.ReadName();
            if (i > 0 && string.CompareOrdinal(registers[i - 1].Field, field) >= 0) throw reader.Fault("fields out of order");
            var standing = new StandingValue[reader.ReadCount(SmallestValueBytes)];
            if (standing.Length == 0) throw reader.Fault("a field without a value");
            for (var j = 0; j < standing.Length; j++)
            {
                var origin = reader.ReadInt(origins.Length - 1);
                if (!isNamed[origin]) named++;
                isNamed[origin] = true;
                var marks = (Marks)reader.ReadByte();
                var rank = reader.ReadInt(int.MaxValue);
                standing[j] = new StandingValue(origins[origin], ReadValue(ref reader, Record), rank, marks);
                if (j > 0 && StandingValue.Compare(standing[j - 1], standing[j]) >= 0) throw reader.Fault("standing values out of order");
            }

            registers[i] = new Register(field, standing);
        }

        if (named != origins.Length) throw reader.Fault("an origin without a value");
        reader.ExpectEnd();
        return registers;
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

    public static FieldValue ReadValue(scoped ref ByteReader reader, string record)
    {
        try
        {
            return FieldValue.FromStored(reader.ReadBytes());
        }
        catch (JsonException invalid)
        {
            throw new StateFormatException($"Damaged {record}: a value that is not JSON.", invalid);
        }
    }

    private static int IndexOf(List<Origin> origins, Dot dot)
    {
        var span = CollectionsMarshal.AsSpan(origins);
        for (var i = 0; i < span.Length; i++)
        {
            var order = span[i].Dot.CompareTo(dot);
            if (order == 0) return i;
            if (order > 0) return ~i;
        }

        return ~span.Length;
    }
}
