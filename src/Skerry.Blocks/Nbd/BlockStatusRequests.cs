using System.Buffers.Binary;

namespace Skerry.Blocks.Nbd;

/// <summary>Answers NBD_CMD_BLOCK_STATUS for base:allocation from the device's map.</summary>
internal static class BlockStatusRequests
{
    /// <summary>A client asks again from where an answer ends; this bounds the answer, not what can be asked.</summary>
    private const int ExtentLimit = 2048;

    private const int DescriptorBytes = 8;

    public static void Begin(Request request, Transmission transmission, IBlockDevice device)
    {
        ValueTask work = default;
        try
        {
            RequestHeader header = request.Header;
            List<AllocationRun> runs = AllocationRun.Of(device, (long)header.OffsetBytes, header.LengthBytes, ExtentLimit);
            int count = (header.Flags & CommandFlags.ReqOne) != 0 ? 1 : runs.Count;
            Span<byte> reply = transmission.ReserveReply(request, Protocol.ChunkHeaderBytes + 4 + (DescriptorBytes * count));
            Reply.WriteChunkHeader(reply, header.Cookie, ChunkKind.BlockStatus, isLast: true, 4 + (DescriptorBytes * count));
            BinaryPrimitives.WriteUInt32BigEndian(reply[Protocol.ChunkHeaderBytes..], Protocol.AllocationContextId);
            Span<byte> descriptors = reply[(Protocol.ChunkHeaderBytes + 4)..];
            for (int i = 0; i < count; i++)
            {
                AllocationState state = runs[i].Allocated ? AllocationState.Allocated : AllocationState.Hole | AllocationState.Zero;
                BinaryPrimitives.WriteUInt32BigEndian(descriptors[(i * DescriptorBytes)..], (uint)runs[i].LengthBytes);
                BinaryPrimitives.WriteUInt32BigEndian(descriptors[((i * DescriptorBytes) + 4)..], (uint)state);
            }
        }
        catch (Exception fault)
        {
            work = ValueTask.FromException(fault);
        }

        request.Await(work);
    }
}
