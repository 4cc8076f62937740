using System.Security.Cryptography;
using Skerry.State.Clocks;
using Skerry.State.Merging;

namespace Skerry.State.Log;

/// <summary>Reads the chunks of a snapshot in order. Nothing of it is to be used before <see cref="Complete"/> has found it whole.</summary>
internal sealed class SnapshotDecoder
{
    private const string Record = "snapshot";

    private readonly ReplicaState.Builder _builder;
    private readonly Func<Dot, bool> _isCovered;
    private readonly ByteWriter _scratch = new();
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private VersionVector _vector = VersionVector.Empty;
    private VersionVector _retired = VersionVector.Empty;
    private SnapshotDecoderV1? _v1;
    private EntityKey? _last;
    private SnapshotPart _part;
    private int _next;
    private long _entities;
    private long _settled;

    public SnapshotDecoder(StateSchema schema)
    {
        _builder = new ReplicaState.Builder(ReplicaState.Empty, schema);
        _isCovered = IsCovered;
    }

    public void Add(ReadOnlySpan<byte> chunk)
    {
        var reader = ByteReader.Checked(chunk, Record);
        var part = (SnapshotPart)reader.ReadByte();
        var index = reader.ReadInt(int.MaxValue);
        if (index != _next) throw reader.Fault($"chunk {index} where chunk {_next} belongs");
        if (!MayFollow(part)) throw reader.Fault($"a part {(byte)part} out of its place");
        _next++;
        _part = part;
        switch (part)
        {
            case SnapshotPart.Head:
                ReadHead(ref reader);
                break;
            case SnapshotPart.Retired:
                _hash.AppendData(reader.Rest);
                _retired = VersionVector.ReadFrom(ref reader);
                reader.ExpectEnd();
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
        _builder.Retire(_retired);
        _hash.Dispose();
        return _builder.ToState();
    }

    /// <summary>Entities and history may take several chunks; the rest comes once.</summary>
    private bool MayFollow(SnapshotPart part)
    {
        if (_next == 0) return part == SnapshotPart.Head;
        var place = Array.IndexOf(SnapshotCodec.Order, part);
        var before = Array.IndexOf(SnapshotCodec.Order, _part);
        return place > before || (part == _part && part is SnapshotPart.Entities or SnapshotPart.History);
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
        if (version == 1) _v1 = new SnapshotDecoderV1(_vector);
        _hash.AppendData(encoded);
        reader.ExpectEnd();
    }

    private void ReadEntity(ref ByteReader reader)
    {
        var key = new EntityKey(reader.ReadName(), reader.ReadString());
        if (_last is { } last && key <= last) throw reader.Fault($"{key} out of its order");
        var body = _v1 is null ? reader.ReadBytes() : EntityBody.Encode(_v1.ReadRegisters(ref reader), _scratch);
        EntityBody.Check(body, _isCovered);
        _builder.Put(key, new Entity(key, body.ToArray()));
        _last = key;
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
        var origin = _v1?.ReadOrigin(ref reader) ?? EntityBody.ReadOrigin(ref reader);
        if (!IsCovered(origin.Dot)) throw reader.Fault($"a settled value of {origin.Dot}, which its vector does not cover");
        var rank = reader.ReadInt(int.MaxValue);
        return new StandingValue(origin, EntityBody.ReadValue(ref reader, Record), rank, Marks.None);
    }

    private void ReadEnd(ref ByteReader reader)
    {
        if (reader.ReadPositive() != _entities || reader.ReadPositive() != _settled) throw reader.Fault("its counts do not match");
        if (!reader.ReadRaw(SHA256.HashSizeInBytes).SequenceEqual(_hash.GetHashAndReset())) throw reader.Fault("its digest does not match");
        reader.ExpectEnd();
    }

    private bool IsCovered(Dot dot) => _vector.Covers(dot) || _retired.Covers(dot);
}
