using Skerry.State.Clocks;
using Skerry.State.Log;
using Skerry.Sync.Peers;

namespace Skerry.Sync.Protocol;

/// <summary>Frames as bytes: a type, then fields in order. docs/formats/wire.md is the specification.</summary>
public static class FrameCodec
{
    /// <summary>The protocol versions that this program speaks.</summary>
    public const int LeastVersion = 1;

    public const int MostVersion = 1;

    private const byte HelloType = 1;
    internal const byte BatchType = 2;
    private const byte BatchAckType = 3;
    private const byte SnapshotOfferType = 4;
    internal const byte SnapshotPieceType = 5;
    private const byte SnapshotAckType = 6;
    private const byte HeartbeatType = 7;
    private const byte ByeType = 8;

    private const byte GossipType = 20;

    private const byte BehindFlag = 0x80;

    /// <summary>A hundred years: no process has run for longer.</summary>
    private const long MostAgeMilliseconds = 100L * 366 * 24 * 3600 * 1000;

    private const byte EndsChunkFlag = 1;
    private const byte EndsSnapshotFlag = 2;

    private static ReadOnlySpan<byte> Magic => "SKRY"u8;

    public static ReadOnlyMemory<byte> Encode(Frame frame)
    {
        var writer = new WireWriter(SizeHint(frame));
        switch (frame)
        {
            case Hello hello:
                Write(writer, hello);
                break;
            case Batch batch:
                writer.Byte(BatchType);
                writer.Varint(batch.Number);
                writer.Varint(batch.Mutations.Count);
                foreach (var mutation in batch.Mutations)
                {
                    writer.Bytes(mutation.Encoded.Span);
                }

                break;
            case BatchAck ack:
                writer.Byte(BatchAckType);
                writer.Varint(ack.Number);
                break;
            case SnapshotOffer offer:
                writer.Byte(SnapshotOfferType);
                writer.Id(offer.Snapshot);
                writer.Varint(offer.From);
                break;
            case SnapshotPiece piece:
                writer.Byte(SnapshotPieceType);
                writer.Id(piece.Snapshot);
                writer.Varint(piece.Index);
                writer.Byte((byte)((piece.EndsChunk ? EndsChunkFlag : 0) | (piece.EndsSnapshot ? EndsSnapshotFlag : 0)));
                writer.Bytes(piece.Bytes.Span);
                break;
            case SnapshotAck ack:
                writer.Byte(SnapshotAckType);
                writer.Id(ack.Snapshot);
                writer.Varint(ack.Chunks);
                writer.Byte(ack.IsJoined ? (byte)1 : (byte)0);
                break;
            case Heartbeat beat:
                writer.Byte(HeartbeatType);
                writer.UInt64((ulong)beat.WallMicroseconds);
                writer.UInt64((ulong)beat.SentMicroseconds);
                writer.UInt64((ulong)beat.EchoMicroseconds);
                writer.UInt64((ulong)beat.HeldMicroseconds);
                break;
            case GossipFrame gossip:
                Write(writer, gossip);
                break;
            case DigestAsk ask:
                DigestCodec.Write(writer, ask);
                break;
            case DigestAnswer answer:
                DigestCodec.Write(writer, answer);
                break;
            case DigestRanges ranges:
                DigestCodec.Write(writer, ranges);
                break;
            case Bye bye:
                writer.Byte(ByeType);
                writer.Byte((byte)bye.Code);
                writer.Text(bye.Text);
                break;
            default:
                throw new ArgumentException($"{frame.GetType().Name} has no encoding.", nameof(frame));
        }

        return writer.Written;
    }

    /// <summary>Reads a frame. Batches and chunks keep the bytes, which must not change afterwards.</summary>
    /// <exception cref="ProtocolException">They are no frame of a version that this program speaks.</exception>
    public static Frame Decode(ReadOnlyMemory<byte> bytes)
    {
        if (bytes.IsEmpty)
        {
            throw new ProtocolException(ByeCode.Malformed, "A frame is empty.");
        }

        if (bytes.Span[0] == PackedFrame.Type)
        {
            bytes = PackedFrame.Unpack(bytes);
        }

        var body = bytes[1..];
        return bytes.Span[0] switch
        {
            HelloType => ReadHello(new WireReader(body, "hello")),
            BatchType => ReadBatch(new WireReader(body, "batch")),
            BatchAckType => ReadBatchAck(new WireReader(body, "batch-ack")),
            SnapshotOfferType => ReadOffer(new WireReader(body, "snapshot-offer")),
            SnapshotPieceType => ReadPiece(new WireReader(body, "snapshot-piece")),
            SnapshotAckType => ReadSnapshotAck(new WireReader(body, "snapshot-ack")),
            HeartbeatType => ReadHeartbeat(new WireReader(body, "heartbeat")),
            ByeType => ReadBye(new WireReader(body, "bye")),
            GossipType => ReadGossip(new WireReader(body, "gossip")),
            DigestCodec.AskType => DigestCodec.ReadAsk(new WireReader(body, "digest-ask")),
            DigestCodec.AnswerType => DigestCodec.ReadAnswer(new WireReader(body, "digest-answer")),
            DigestCodec.RangesType => DigestCodec.ReadRanges(new WireReader(body, "digest-ranges")),
            var type => throw new ProtocolException(ByeCode.Malformed, $"A frame has the unknown type {type}; is the other end a Skerry site?"),
        };
    }

    private static int SizeHint(Frame frame) => frame switch
    {
        Batch batch => 32 + batch.Mutations.Sum(m => m.Encoded.Length + 5),
        SnapshotPiece piece => 64 + piece.Bytes.Length,
        _ => 256,
    };

    private static void Write(WireWriter writer, Hello hello)
    {
        writer.Byte(HelloType);
        writer.Raw(Magic);
        writer.Varint(hello.LeastVersion);
        writer.Varint(hello.MostVersion);
        writer.Text(hello.CloudId);
        writer.UInt64(hello.Site.Value);
        writer.UInt64(hello.Incarnation);
        writer.Bytes(hello.Vector.Encode());
        writer.Varint(hello.WindowBytes);
        writer.Byte(hello.Staged is null ? (byte)0 : (byte)1);
        if (hello.Staged is { } staged)
        {
            writer.Id(staged.Snapshot);
            writer.Varint(staged.Chunks);
        }

        if (hello.Features.Count > 0)
        {
            writer.Varint(hello.Features.Count);
            foreach (var word in hello.Features)
            {
                writer.Text(word);
            }
        }
    }

    private static Hello ReadHello(WireReader reader)
    {
        for (var i = 0; i < Magic.Length; i++)
        {
            if (reader.Byte() != Magic[i])
            {
                throw reader.Fault("it does not start with SKRY; is the other end a Skerry site?");
            }
        }

        var least = reader.Length(int.MaxValue);
        var most = reader.Length(int.MaxValue);
        if (least > MostVersion || most < LeastVersion)
        {
            // What follows may have another shape in a version that this program does not speak.
            throw new ProtocolException(
                ByeCode.Version,
                $"The other end speaks the protocol versions {least} to {most}, this one {LeastVersion} to {MostVersion}; upgrade the older one.");
        }

        var hello = new Hello
        {
            LeastVersion = least,
            MostVersion = most,
            CloudId = reader.Text(),
            Site = new SiteId(reader.UInt64()),
            Incarnation = reader.UInt64(),
            Vector = ReadVector(ref reader),
            WindowBytes = reader.Length(int.MaxValue),
        };
        var staged = reader.Byte() == 0 ? null : new SnapshotPosition(reader.Id(), reader.Varint());
        return hello with { Staged = staged, Features = ReadFeatures(ref reader) };
    }

    /// <summary>Absent from the hello of a site that knows none.</summary>
    private static string[] ReadFeatures(ref WireReader reader)
    {
        if (reader.IsAtEnd)
        {
            return [];
        }

        var words = new string[reader.Length(Features.MostWords)];
        for (var i = 0; i < words.Length; i++)
        {
            words[i] = reader.Text(Features.MostWordBytes);
        }

        return words;
    }

    private static VersionVector ReadVector(ref WireReader reader)
    {
        try
        {
            return VersionVector.Decode(reader.Bytes().Span);
        }
        catch (StateFormatException damaged)
        {
            throw reader.Fault(damaged.Message);
        }
    }

    private static Batch ReadBatch(WireReader reader)
    {
        var number = reader.Varint();
        var count = reader.Varint();
        var mutations = new List<Mutation>();
        for (var i = 0L; i < count; i++)
        {
            var encoded = reader.Bytes();
            try
            {
                mutations.Add(MutationCodec.Decode(encoded));
            }
            catch (StateFormatException damaged)
            {
                throw reader.Fault(damaged.Message);
            }
        }

        return mutations.Count > 0 ? new Batch(number, mutations) : throw reader.Fault("it holds no mutation");
    }

    private static BatchAck ReadBatchAck(WireReader reader) => new(reader.Varint());

    private static SnapshotOffer ReadOffer(WireReader reader) => new(reader.Id(), reader.Varint());

    private static SnapshotPiece ReadPiece(WireReader reader)
    {
        var (snapshot, index, flags) = (reader.Id(), reader.Varint(), reader.Byte());
        return new(snapshot, index, (flags & EndsChunkFlag) != 0, (flags & EndsSnapshotFlag) != 0, reader.Bytes());
    }

    private static SnapshotAck ReadSnapshotAck(WireReader reader) => new(reader.Id(), reader.Varint(), reader.Byte() != 0);

    private static Heartbeat ReadHeartbeat(WireReader reader) =>
        new((long)reader.UInt64(), (long)reader.UInt64(), (long)reader.UInt64(), (long)reader.UInt64());

    private static void Write(WireWriter writer, GossipFrame gossip)
    {
        writer.Byte(GossipType);
        writer.UInt64((ulong)gossip.EchoMicroseconds);
        writer.UInt64((ulong)gossip.HeldMicroseconds);
        writer.Varint(gossip.Rumours.Count);
        foreach (var told in gossip.Rumours)
        {
            writer.UInt64(told.Site.Value);
            writer.UInt64(told.By.Value);
            writer.Varint((long)Math.Ceiling(told.Age.TotalMilliseconds));
            writer.Byte((byte)(told.Hops | (told.IsBehind ? BehindFlag : 0)));
        }
    }

    private static GossipFrame ReadGossip(WireReader reader)
    {
        var (echo, held) = ((long)reader.UInt64(), (long)reader.UInt64());
        var rumours = new Rumour[reader.Length(Gossip.MostTold)];
        for (var i = 0; i < rumours.Length; i++)
        {
            var (site, by, age, way) = (new SiteId(reader.UInt64()), new SiteId(reader.UInt64()), reader.Varint(), reader.Byte());
            rumours[i] = new Rumour(
                site,
                by,
                age <= MostAgeMilliseconds ? TimeSpan.FromMilliseconds(age) : throw reader.Fault($"an age of {age} ms is none"),
                way & ~BehindFlag,
                (way & BehindFlag) != 0);
        }

        return new GossipFrame(echo, held, rumours);
    }

    private static Bye ReadBye(WireReader reader) => new((ByeCode)reader.Byte(), reader.Text());
}
