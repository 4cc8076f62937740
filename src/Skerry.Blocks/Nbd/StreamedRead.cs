namespace Skerry.Blocks.Nbd;

/// <summary>
/// A large read, sent as it is read: slice by slice through one buffer that stays in the processor's cache, each slice a chunk of the
/// reply. A slice that fails ends the reply with an error chunk; what was sent before it stands.
/// </summary>
/// <remarks>
/// On the receiving thread, with the right to send. Where the client takes no more, the rest is read into a buffer of its own and left
/// to the queue's thread, so this one goes on to receive.
/// </remarks>
/// <param name="tellError">The chunk that tells of a fault after the first slice.</param>
internal sealed class StreamedRead(SlabPool slabs, ReplyQueue queue, Func<Request, Exception, byte[]> tellError) : IDisposable
{
    /// <summary>
    /// Fits a slab with its header. Smaller slices wake the client for each and are as slow as none; whole replies leave the cache.
    /// </summary>
    public const int SliceBytes = 240 * 1024;

    private Slab? _slab;

    /// <param name="device">One whose reads complete at once.</param>
    /// <returns>False where nothing was done: another thread sends, or the first slice failed. Else the request has its reply.</returns>
    public bool TryRun(Request request, IBlockDevice device, CancellationToken cancel)
    {
        if (!queue.TryTakeSending())
        {
            return false;
        }

        Slab slab = _slab ??= slabs.Rent();
        RequestHeader header = request.Header;
        SendOutcome outcome = SendOutcome.All;
        for (int done = 0; done < header.LengthBytes && outcome == SendOutcome.All;)
        {
            int bytes = (int)Math.Min(SliceBytes, header.LengthBytes - done);
            ArraySegment<byte> chunk = new(slab.Bytes, 0, Protocol.DataChunkHeaderBytes + bytes);
            Exception? fault = Fill(chunk, header, done, bytes, device, cancel);
            if (fault is not null && done == 0)
            {
                queue.GiveSendingBack();
                return false;
            }

            done = fault is null ? done + bytes : (int)header.LengthBytes;
            outcome = queue.SendPart(fault is null ? chunk : tellError(request, fault));
            if (outcome == SendOutcome.Some)
            {
                request.AddReply(slab, chunk);
                slab.Release();
                _slab = null;
                if (done < header.LengthBytes)
                {
                    ReadRest(request, done, device, cancel);
                }
            }
        }

        queue.EndParts(request, outcome);
        return true;
    }

    public void Dispose() => _slab?.Release();

    private void ReadRest(Request request, int done, IBlockDevice device, CancellationToken cancel)
    {
        int bytes = (int)request.Header.LengthBytes - done;
        ArraySegment<byte> chunk = new(request.RentReply(Protocol.DataChunkHeaderBytes + bytes), 0, Protocol.DataChunkHeaderBytes + bytes);
        queue.AddPart(Fill(chunk, request.Header, done, bytes, device, cancel) is { } fault ? tellError(request, fault) : chunk);
    }

    private static Exception? Fill(ArraySegment<byte> chunk, in RequestHeader header, int done, int bytes, IBlockDevice device, CancellationToken cancel)
    {
        long offsetBytes = (long)header.OffsetBytes + done;
        Reply.WriteDataHeader(chunk, header.Cookie, isLast: done + bytes == header.LengthBytes, offsetBytes, bytes);
        try
        {
            ValueTask read = device.ReadAsync(offsetBytes, chunk[Protocol.DataChunkHeaderBytes..], cancel);
            if (read.IsCompleted)
            {
                read.GetAwaiter().GetResult();
            }
            else
            {
                read.AsTask().GetAwaiter().GetResult();
            }

            return null;
        }
        catch (Exception fault)
        {
            return fault;
        }
    }
}
