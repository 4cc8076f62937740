using Skerry.State.Clocks;
using Skerry.State.Log;
using Skerry.State.Merging;

namespace Skerry.Sync.Protocol;

/// <summary>The frames of comparisons as bytes; docs/formats/wire.md.</summary>
internal static class DigestCodec
{
    public const byte AskType = 10;
    public const byte AnswerType = 11;
    public const byte RangesType = 12;

    private const byte FromFlag = 1;
    private const byte ToFlag = 2;
    private const byte ReplyFlag = 1;
    private const byte EntityFlag = 2;

    public static void Write(WireWriter writer, DigestAsk ask)
    {
        writer.Byte(AskType);
        writer.Varint(ask.Number);
        writer.Bytes(ask.Vector.Encode());
        Write(writer, ask.All);
    }

    public static void Write(WireWriter writer, DigestAnswer answer)
    {
        writer.Byte(AnswerType);
        writer.Varint(answer.Number);
        writer.Byte(answer.IsEqual ? (byte)1 : (byte)0);
    }

    public static void Write(WireWriter writer, DigestRanges ranges)
    {
        writer.Byte(RangesType);
        writer.Varint(ranges.Number);
        writer.Varint(ranges.Parts.Count);
        foreach (var part in ranges.Parts)
        {
            Write(writer, part.Range);
            Write(writer, part.Digest);
        }

        writer.Varint(ranges.Findings.Count);
        foreach (var finding in ranges.Findings)
        {
            Write(writer, finding.Range);
            writer.Byte((byte)((finding.IsReply ? ReplyFlag : 0) | (finding.Key is null ? 0 : EntityFlag)));
            if (finding.Key is { } key)
            {
                Write(writer, key);
                writer.Bytes(finding.Body.Span);
            }
        }
    }

    public static DigestAsk ReadAsk(WireReader reader)
    {
        var number = reader.Varint();
        try
        {
            return new DigestAsk(number, VersionVector.Decode(reader.Bytes().Span), ReadDigest(ref reader));
        }
        catch (StateFormatException damaged)
        {
            throw reader.Fault(damaged.Message);
        }
    }

    public static DigestAnswer ReadAnswer(WireReader reader) => new(reader.Varint(), reader.Byte() != 0);

    public static DigestRanges ReadRanges(WireReader reader)
    {
        var number = reader.Varint();
        var parts = new DigestPart[reader.Length(DigestTalk.MostParts)];
        for (var i = 0; i < parts.Length; i++)
        {
            parts[i] = new DigestPart(ReadRange(ref reader), ReadDigest(ref reader));
        }

        var findings = new DigestFinding[reader.Length(DigestTalk.MostFindings)];
        for (var i = 0; i < findings.Length; i++)
        {
            var range = ReadRange(ref reader);
            var flags = reader.Byte();
            var hasEntity = (flags & EntityFlag) != 0;
            findings[i] = new DigestFinding(
                range, (flags & ReplyFlag) != 0, hasEntity ? ReadKey(ref reader) : null, hasEntity ? reader.Bytes() : default);
        }

        return new DigestRanges(number, parts, findings);
    }

    private static void Write(WireWriter writer, RangeDigest digest)
    {
        writer.Varint(digest.Count);
        writer.Raw(digest.Sum());
    }

    private static void Write(WireWriter writer, KeyRange range)
    {
        writer.Byte((byte)((range.From is null ? 0 : FromFlag) | (range.To is null ? 0 : ToFlag)));
        if (range.From is { } from)
        {
            Write(writer, from);
        }

        if (range.To is { } to)
        {
            Write(writer, to);
        }
    }

    private static void Write(WireWriter writer, EntityKey key)
    {
        writer.Text(key.Kind);
        writer.Text(key.Id);
    }

    private static RangeDigest ReadDigest(ref WireReader reader) => RangeDigest.Read(reader.Varint(), reader.Raw(RangeDigest.SumBytes).Span);

    private static KeyRange ReadRange(ref WireReader reader)
    {
        var flags = reader.Byte();
        EntityKey? from = (flags & FromFlag) != 0 ? ReadKey(ref reader) : null;
        EntityKey? to = (flags & ToFlag) != 0 ? ReadKey(ref reader) : null;
        return from is null || to is null || from < to ? new KeyRange(from, to) : throw reader.Fault("a range that ends before it begins");
    }

    private static EntityKey ReadKey(ref WireReader reader) => new(reader.Text(), reader.Text());
}
