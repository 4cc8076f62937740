using Skerry.State.Clocks;
using Skerry.State.Merging;

namespace Skerry.State.Log;

/// <summary>Reads what differs in a snapshot of version 1: dots by a table of the vector's writers, and no flags.</summary>
internal sealed class SnapshotDecoderV1(VersionVector vector)
{
    private const string Record = "snapshot";
    private const int SmallestFieldBytes = 4;

    private readonly WriterTable _writers = new(vector.Select(dot => dot.Writer));

    public Register[] ReadRegisters(ref ByteReader reader)
    {
        var origins = new Origin[reader.ReadCount(minimumBytesEach: 11)];
        for (var i = 0; i < origins.Length; i++) origins[i] = ReadOrigin(ref reader);
        if (origins.Length == 0) throw reader.Fault("an entity without an origin");
        var registers = new Register[reader.ReadCount(SmallestFieldBytes)];
        for (var i = 0; i < registers.Length; i++)
        {
            var field = reader.ReadName();
            var standing = new StandingValue[reader.ReadCount(SmallestFieldBytes)];
            for (var j = 0; j < standing.Length; j++)
            {
                var origin = origins[reader.ReadInt(origins.Length - 1)];
                var marks = (Marks)reader.ReadByte();
                var rank = reader.ReadInt(int.MaxValue);
                standing[j] = new StandingValue(origin, EntityBody.ReadValue(ref reader, Record), rank, marks);
                if (j > 0 && StandingValue.Compare(standing[j - 1], standing[j]) >= 0) throw reader.Fault("standing values out of order");
            }

            if (standing.Length == 0) throw reader.Fault("a field without a value");
            if (i > 0 && string.CompareOrdinal(registers[i - 1].Field, field) >= 0) throw reader.Fault("fields out of order");
            registers[i] = new Register(field, standing);
        }

        return registers.Length > 0 ? registers : throw reader.Fault("an entity without a field");
    }

    public Origin ReadOrigin(ref ByteReader reader) => new(_writers.ReadDot(ref reader), new Hlc(reader.ReadUInt64()), reader.ReadName());
}
