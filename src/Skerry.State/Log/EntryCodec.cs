using Skerry.State.Clocks;

namespace Skerry.State.Log;

/// <summary>The store's records: entries of the log and the head of a checkpoint. Layout: docs/formats/log.md.</summary>
internal static class EntryCodec
{
    private const byte Version = 1;
    private const byte CheckpointVersion = 1;
    private const int HeadAndChecksumBytes = 32;

    /// <summary>Room that a number may ask of the writer.</summary>
    private const int LongestLengthBytes = 10;

    public static ReadOnlyMemory<byte> Encode(IReadOnlyCollection<Mutation> mutations, long appendedUnixMilliseconds)
    {
        // Made once at its size: a group is large, and large arrays are dear to collect.
        var capacityBytes = HeadAndChecksumBytes;
        foreach (var mutation in mutations) capacityBytes += LongestLengthBytes + mutation.Encoded.Length;
        var writer = new ByteWriter(capacityBytes);
        writer.WriteByte(Version);
        writer.WriteUInt64((ulong)appendedUnixMilliseconds);
        foreach (var mutation in mutations) writer.WriteBytes(mutation.Encoded.Span);
        writer.WriteChecksum();
        return writer.TakeWritten();
    }

    public static (IReadOnlyList<Mutation> Mutations, long AppendedUnixMilliseconds) Decode(ReadOnlySpan<byte> payload)
    {
        var reader = ByteReader.Checked(payload, "log entry");
        ExpectVersion(ref reader, Version, "log entry");
        var appended = checked((long)reader.ReadUInt64());
        var mutations = new List<Mutation>();
        while (!reader.AtEnd) mutations.Add(MutationCodec.Decode(reader.ReadBytes().ToArray()));
        return (mutations, appended);
    }

    public static byte[] EncodeHead(CheckpointHead head)
    {
        var writer = new ByteWriter();
        writer.WriteByte(CheckpointVersion);
        writer.WriteUInt64(head.Site.Value);
        writer.WriteUInt64(head.LastOwnStamp.Value);
        head.LogBase.WriteTo(writer);
        writer.WriteChecksum();
        return writer.ToArray();
    }

    public static CheckpointHead DecodeHead(ReadOnlySpan<byte> bytes)
    {
        var reader = ByteReader.Checked(bytes, "checkpoint head");
        ExpectVersion(ref reader, CheckpointVersion, "checkpoint");
        var head = new CheckpointHead(new SiteId(reader.ReadUInt64()), new Hlc(reader.ReadUInt64()), VersionVector.ReadFrom(ref reader));
        reader.ExpectEnd();
        return head;
    }

    private static void ExpectVersion(ref ByteReader reader, byte known, string what)
    {
        var version = reader.ReadByte();
        if (version == 0 || version > known)
        {
            throw new StateFormatException($"A {what} of format {version} is newer than this program, which knows up to {known}; start the newer program.");
        }
    }
}

/// <summary>What a checkpoint says beside the snapshot: whose it is, the clock's last stamp, and from where on the log is whole.</summary>
internal sealed record CheckpointHead(SiteId Site, Hlc LastOwnStamp, VersionVector LogBase);
