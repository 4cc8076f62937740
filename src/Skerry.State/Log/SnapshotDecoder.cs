using System.Security.Cryptography;
using Skerry.State.Clocks;
using Skerry.State.Merging;

namespace Skerry.State.Log;

/// <summary>Reads the chunks of a snapshot in order. Nothing of it is to be used before <see cref="Complete"/> has found it whole.</summary>
internal sealed class SnapshotDecoder(StateSchema schema)
{
    private const string Record = "snapshot";
    private const int SmallestEntityBytes = 4;

    private readonly ReplicaState.Builder _builder = new(ReplicaState.Empty, schema);
    private WriterTable _writers = new();
    private VersionVector _vector = VersionVector.Empty;
    private SnapshotPart _part;
    private int _next;
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private long _entities;
    private long _settled;

    public void Add(ReadOnlySpan<byte> chunk)
    {
        var reader = ByteReader.Checked(chunk, Record);
        var part = (SnapshotPart)reader.ReadByte();
        var index = reader.ReadInt(int.MaxValue);
        if (index != _next) throw reader.Fault($"chunk {index} where chunk {_next} belongs");
        var inOrder = _next == 0 ? part == SnapshotPart.Head : part > SnapshotPart.Head && part >= _part && _part != SnapshotPart.End;
        if (!inOrder || part > SnapshotPart.End) throw reader.Fault($"a part {(byte)part} out of its place");
        _next++;
        _part = part;
        switch (part)
        {
            case SnapshotPart.Head:
                ReadHead(ref reader);
                break;
            case SnapshotPart.Entities:
                while (!reader.AtEnd)
                {
                    var before = reader.Rest;
                    ReadEntity(ref reader);
                    _hash.AppendData(before[..^reader.Rest.Length]);
                }

                break;
            case SnapshotPart.History:
                while (!reader.AtEnd) ReadSettled(ref reader);
                break;
            case SnapshotPart.End:
                ReadEnd(ref reader);
                break;
        }
    }

    public ReplicaState Complete()
    {
        if (_part != SnapshotPart.End) throw new StateFormatException("Damaged snapshot: its end is missing.");
        _builder.Cover(_vector);
        _hash.Dispose();
        return _builder.ToState();
    }

    private void ReadHead(ref ByteReader reader)
    {
        var version = reader.ReadByte();
        if (version is 0 or > SnapshotCodec.Version)
        {
            throw new StateFormatException($"A snapshot of format {version} is newer than this program, which knows up to {SnapshotCodec.Version}; upgrade this site first.");
        }

        var encoded = reader.ReadBytes();
        _vector = VersionVector.Decode(encoded);
        _writers = new WriterTable(_vector.Select(dot => dot.Writer));
        _hash.AppendData(encoded);
        reader.ExpectEnd();
    }

    private void ReadEntity(ref ByteReader reader)
    {
        var key = new EntityKey(reader.ReadName(), reader.ReadString());
        var origins = new Origin[reader.ReadCount(minimumBytesEach: 11)];
        for (var i = 0; i < origins.Length; i++) origins[i] = ReadOrigin(ref reader);
        var registers = new Register[reader.ReadCount(SmallestEntityBytes)];
        for (var i = 0; i < registers.Length; i++)
        {
            var field = reader.ReadName();
            var standing = new StandingValue[reader.ReadCount(SmallestEntityBytes)];
            for (var j = 0; j < standing.Length; j++)
            {
                var origin = origins[reader.ReadInt(origins.Length - 1)];
                var marks = (Marks)reader.ReadByte();
                var rank = reader.ReadInt(int.MaxValue);
                standing[j] = new StandingValue(origin, MutationCodec.ReadValue(ref reader), rank, marks);
                if (j > 0 && StandingValue.Compare(standing[j - 1], standing[j]) >= 0) throw reader.Fault("standing values out of order");
            }

            if (standing.Length == 0) throw reader.Fault("a field without a value");
            if (i > 0 && string.CompareOrdinal(registers[i - 1].Field, field) >= 0) throw reader.Fault("fields out of order");
            registers[i] = new Register(field, standing);
        }

        if (registers.Length == 0) throw reader.Fault("an entity without a field");
        _builder.Put(key, new Entity(key, registers));
        _entities++;
    }

    private void ReadSettled(ref ByteReader reader)
    {
        var key = new EntityKey(reader.ReadName(), reader.ReadString());
        var field = reader.ReadName();
        var replaced = new StandingValue[reader.ReadCount(minimumBytesEach: 13)];
        var by = ReadSettledValue(ref reader);
        for (var i = 0; i < replaced.Length; i++) replaced[i] = ReadSettledValue(ref reader);
        _builder.Remember(new SettledConflict(key, field, replaced, by));
        _settled++;
    }

    private StandingValue ReadSettledValue(ref ByteReader reader)
    {
        var origin = ReadOrigin(ref reader);
        var rank = reader.ReadInt(int.MaxValue);
        return new StandingValue(origin, MutationCodec.ReadValue(ref reader), rank, Marks.None);
    }

    private void ReadEnd(ref ByteReader reader)
    {
        if (reader.ReadPositive() != _entities || reader.ReadPositive() != _settled) throw reader.Fault("its counts do not match");
        if (!reader.ReadRaw(SHA256.HashSizeInBytes).SequenceEqual(_hash.GetHashAndReset())) throw reader.Fault("its digest does not match");
        reader.ExpectEnd();
    }

    private Origin ReadOrigin(ref ByteReader reader)
    {
        var dot = _writers.ReadDot(ref reader);
        if (!_vector.Covers(dot)) throw reader.Fault($"a value of {dot}, which its vector does not cover");
        return new Origin(dot, new Hlc(reader.ReadUInt64()), reader.ReadName());
    }
}
