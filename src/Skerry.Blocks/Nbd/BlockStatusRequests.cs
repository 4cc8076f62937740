using System.Buffers.Binary;

namespace Skerry.Blocks.Nbd;

/// <summary>Answers NBD_CMD_BLOCK_STATUS with a chunk for each selected context, from the device's map.</summary>
internal static class BlockStatusRequests
{
    /// <summary>A client asks again from where an answer ends; this bounds the answer, not what can be asked.</summary>
    private const int ExtentLimit = 2048;

    private const int DescriptorBytes = 8;
    private const int ContextHeaderBytes = Protocol.ChunkHeaderBytes + 4;

    public static void Begin(Request request, Transmission transmission, NbdExport export, IReadOnlyList<MetaContext.Selected> contexts)
    {
        ValueTask work = default;
        try
        {
            RequestHeader header = request.Header;
            int limit = (header.Flags & CommandFlags.ReqOne) != 0 ? 1 : ExtentLimit;
            List<List<StatusRun>> answers = new(contexts.Count);
            int replyBytes = 0;
            foreach (MetaContext.Selected selected in contexts)
            {
                List<StatusRun> runs = Runs(export, selected.Context, header, limit);
                answers.Add(runs);
                replyBytes += ContextHeaderBytes + (DescriptorBytes * runs.Count);
            }

            Write(Reserve(request, transmission, replyBytes), header.Cookie, contexts, answers);
        }
        catch (Exception fault)
        {
            work = ValueTask.FromException(fault);
        }

        request.Await(work);
    }

    private static List<StatusRun> Runs(NbdExport export, MetaContext context, in RequestHeader header, int limit)
    {
        long offsetBytes = (long)header.OffsetBytes;
        List<StatusRun> runs = context.Bitmap is { } bitmap
            ? StatusRun.OfBitmap(export.DirtyBitmaps!, bitmap, offsetBytes, header.LengthBytes, limit)
            : StatusRun.OfAllocation(export.Device, offsetBytes, header.LengthBytes, limit);
        return runs.Count > limit ? runs[..limit] : runs;
    }

    private static Span<byte> Reserve(Request request, Transmission transmission, int bytes)
    {
        if (bytes <= Slab.LargestShareBytes)
        {
            return transmission.ReserveReply(request, bytes);
        }

        ArraySegment<byte> own = new(request.RentReply(bytes), 0, bytes);
        request.Parts.Add(own);
        return own;
    }

    private static void Write(Span<byte> to, ulong cookie, IReadOnlyList<MetaContext.Selected> contexts, List<List<StatusRun>> answers)
    {
        for (int i = 0; i < answers.Count; i++)
        {
            List<StatusRun> runs = answers[i];
            Reply.WriteChunkHeader(to, cookie, ChunkKind.BlockStatus, isLast: i == answers.Count - 1, 4 + (DescriptorBytes * runs.Count));
            BinaryPrimitives.WriteUInt32BigEndian(to[Protocol.ChunkHeaderBytes..], contexts[i].Id);
            to = to[ContextHeaderBytes..];
            foreach (StatusRun run in runs)
            {
                BinaryPrimitives.WriteUInt32BigEndian(to, run.LengthBytes);
                BinaryPrimitives.WriteUInt32BigEndian(to[4..], run.Flags);
                to = to[DescriptorBytes..];
            }
        }
    }
}
