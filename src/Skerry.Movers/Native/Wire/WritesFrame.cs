using Skerry.Blocks;
using Skerry.Blocks.Encryption;

namespace Skerry.Movers.Native.Wire;

/// <summary>A batch of numbered writes of one run, in order.</summary>
internal static class WritesFrame
{
    private const int HeaderBytes = 4 + (3 * 8) + 4;
    private const int WriteHeaderBytes = (3 * 8) + 1 + 4;

    /// <param name="run">Of all the writes.</param>
    /// <param name="writes">Of whole blocks, where they are encrypted.</param>
    /// <param name="cipher">Where the replica's site is to hold ciphertext only.</param>
    public static FrameBuilder Build(RunStart run, IReadOnlyList<NumberedWrite> writes, OutsideCipher? cipher = null)
    {
        var expected = HeaderBytes;
        foreach (var write in writes)
        {
            expected += WriteHeaderBytes + write.Data.Length;
        }

        var frame = new FrameBuilder(FrameKind.Writes, expected);
        frame.Int32(0).Int64(run.Generation).Int64(unchecked((long)run.RunId)).Int64(run.FirstNumber).Int32(writes.Count);
        foreach (var write in writes)
        {
            frame.Int64(write.Number).Int64(write.OffsetBytes).Int64(write.LengthBytes).Byte((byte)write.Kind)
                .Int32(write.Data.Length);
            var content = frame.Take(write.Data.Length);
            write.Data.CopyTo(content);
            cipher?.Encrypt(write.OffsetBytes, content.Span);
        }

        frame.SealChecksum(1);
        return frame;
    }

    /// <summary>The data of the writes lie in the frame's own buffer.</summary>
    public static (RunStart Run, IReadOnlyList<NumberedWrite> Writes) Read(Frame frame)
    {
        var reader = new FrameReader(frame.Payload);
        reader.CheckRest();
        var run = new RunStart(reader.Int64(), unchecked((ulong)reader.Int64()), reader.Int64());
        var count = reader.Int32();
        if (count < 0 || count > reader.Remaining / WriteHeaderBytes)
        {
            throw new MoverProtocolException("A frame of writes names more writes than it holds.");
        }

        var writes = new NumberedWrite[count];
        for (var i = 0; i < count; i++)
        {
            var (number, offset, length, kind) = (reader.Int64(), reader.Int64(), reader.Int64(), (WriteKind)reader.Byte());
            writes[i] = new NumberedWrite(number, offset, length, reader.Take(reader.Int32()), kind);
        }

        return (run, writes);
    }
}
