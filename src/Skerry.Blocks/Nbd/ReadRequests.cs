namespace Skerry.Blocks.Nbd;

/// <summary>Starts reads: plans the reply's chunks, writes their headers, and has the device fill in the data.</summary>
internal static class ReadRequests
{
    /// <summary>
    /// Shorter reads are sent as data without asking for holes, and shorter holes are sent as zeroes: looking costs more than it saves.
    /// </summary>
    private const int WorthAHoleBytes = 32 * 1024;

    private const int ExtentLimit = 256;

    public static void Begin(Request request, Transmission transmission, IBlockDevice device, Agreement agreed, CancellationToken cancel)
    {
        RequestHeader header = request.Header;
        ValueTask work;
        try
        {
            if (!agreed.StructuredReplies)
            {
                Memory<byte> data = Reserve(request, transmission, Protocol.SimpleReplyBytes, out Span<byte> head);
                Reply.WriteSimple(head, header.Cookie, NbdError.None);
                work = Read(device, (long)header.OffsetBytes, data, cancel);
            }
            else if (header.LengthBytes == 0)
            {
                Span<byte> done = transmission.ReserveReply(request, Protocol.ChunkHeaderBytes);
                Reply.WriteChunkHeader(done, header.Cookie, ChunkKind.None, isLast: true, 0);
                work = default;
            }
            else if (header.LengthBytes >= WorthAHoleBytes && Plan(device, header) is { } chunks)
            {
                work = ReadChunks(request, device, chunks, cancel);
            }
            else if (header.LengthBytes > StreamedRead.SliceBytes && transmission.TryStream(request))
            {
                return;
            }
            else
            {
                Memory<byte> data = Reserve(request, transmission, Protocol.DataChunkHeaderBytes, out Span<byte> head);
                Reply.WriteDataHeader(head, header.Cookie, isLast: true, (long)header.OffsetBytes, data.Length);
                work = Read(device, (long)header.OffsetBytes, data, cancel);
            }
        }
        catch (Exception fault)
        {
            work = ValueTask.FromException(fault);
        }

        request.Await(work);
    }

    private static ValueTask Read(IBlockDevice device, long offsetBytes, Memory<byte> data, CancellationToken cancel) =>
        data.IsEmpty ? default : device.ReadAsync(offsetBytes, data, cancel);

    /// <summary>Room for one head and all the data: adjoining if small, else with the data in a buffer of its own.</summary>
    private static Memory<byte> Reserve(Request request, Transmission transmission, int headBytes, out Span<byte> head)
    {
        int dataBytes = (int)request.Header.LengthBytes;
        if (headBytes + dataBytes <= Slab.LargestShareBytes)
        {
            ArraySegment<byte> both = transmission.ReserveReply(request, headBytes + dataBytes);
            head = both[..headBytes];
            return both[headBytes..];
        }

        head = transmission.ReserveReply(request, headBytes);
        ArraySegment<byte> data = new(request.RentReply(dataBytes), 0, dataBytes);
        request.Parts.Add(data);
        return data;
    }

    /// <summary>The chunks of a reply that has at least one hole; null when one data chunk says it all.</summary>
    private static List<BlockExtent>? Plan(IBlockDevice device, in RequestHeader header)
    {
        long nextBytes = (long)header.OffsetBytes;
        long endBytes = nextBytes + header.LengthBytes;
        List<BlockExtent>? chunks = null;
        foreach (AllocationRun run in AllocationRun.Of(device, nextBytes, header.LengthBytes, ExtentLimit))
        {
            if (run.Allocated || run.LengthBytes < WorthAHoleBytes)
            {
                continue;
            }

            chunks ??= [];
            if (run.OffsetBytes > nextBytes)
            {
                chunks.Add(new(nextBytes, run.OffsetBytes - nextBytes, Allocated: true));
            }

            chunks.Add(new(run.OffsetBytes, run.LengthBytes, Allocated: false));
            nextBytes = run.OffsetBytes + run.LengthBytes;
        }

        if (chunks is not null && nextBytes < endBytes)
        {
            chunks.Add(new(nextBytes, endBytes - nextBytes, Allocated: true));
        }

        bool mayFragment = (header.Flags & CommandFlags.DontFragment) == 0;
        return mayFragment || chunks?.Count == 1 ? chunks : null;
    }

    private static async ValueTask ReadChunks(Request request, IBlockDevice device, List<BlockExtent> chunks, CancellationToken cancel)
    {
        int replyBytes = 0;
        foreach (BlockExtent chunk in chunks)
        {
            replyBytes += chunk.Allocated ? Protocol.DataChunkHeaderBytes + (int)chunk.LengthBytes : Protocol.HoleChunkBytes;
        }

        ulong cookie = request.Header.Cookie;
        byte[] reply = request.RentReply(replyBytes);
        int at = 0;
        for (int i = 0; i < chunks.Count; i++)
        {
            BlockExtent chunk = chunks[i];
            bool isLast = i == chunks.Count - 1;
            int lengthBytes = (int)chunk.LengthBytes;
            if (!chunk.Allocated)
            {
                Reply.WriteHole(reply.AsSpan(at), cookie, isLast, chunk.OffsetBytes, lengthBytes);
                at += Protocol.HoleChunkBytes;
                continue;
            }

            Reply.WriteDataHeader(reply.AsSpan(at), cookie, isLast, chunk.OffsetBytes, lengthBytes);
            at += Protocol.DataChunkHeaderBytes;
            await device.ReadAsync(chunk.OffsetBytes, reply.AsMemory(at, lengthBytes), cancel);
            at += lengthBytes;
        }

        request.Parts.Add(new(reply, 0, replyBytes));
    }
}
