namespace Skerry.Blocks.Nbd;

/// <summary>
/// What the client sent and was not taken yet, in one piece. One receive brings many small requests; they are parsed, and their
/// payloads handed to the device, where they lie. Used by the receiving thread alone.
/// </summary>
internal sealed class ReceiveBuffer(ClientSocket socket, SlabPool pool) : IDisposable
{
    private const int WorthReceivingBytes = 64 * 1024;

    private Slab _slab = pool.Rent();
    private int _start;
    private int _end;

    public int Count => _end - _start;

    public ReadOnlySpan<byte> Waiting => _slab.Bytes.AsSpan(_start, Count);

    /// <summary>Receives once, with room for <paramref name="neededBytes"/> in one piece; false when the client has ended.</summary>
    public bool Receive(int neededBytes)
    {
        if (_start == _end && !_slab.IsShared)
        {
            _start = _end = 0;
        }

        if (Slab.SizeBytes - _start < neededBytes || Slab.SizeBytes - _end < WorthReceivingBytes)
        {
            MakeRoom();
        }

        int received = socket.Receive(_slab.Bytes.AsSpan(_end));
        _end += received;
        return received > 0;
    }

    public void Skip(int bytes) => _start += bytes;

    /// <summary>The next bytes where they lie, held by the returned slab's new holder.</summary>
    public Memory<byte> Take(int bytes, out Slab heldSlab)
    {
        _slab.Hold();
        heldSlab = _slab;
        Memory<byte> taken = _slab.Bytes.AsMemory(_start, bytes);
        _start += bytes;
        return taken;
    }

    /// <summary>Fills a buffer of the caller's, from what waits and then from the socket; false when the client has ended.</summary>
    public bool CopyTo(Span<byte> target)
    {
        int waiting = Math.Min(Count, target.Length);
        Waiting[..waiting].CopyTo(target);
        _start += waiting;
        return socket.ReceiveExactly(target[waiting..]);
    }

    public void Dispose() => _slab.Release();

    private void MakeRoom()
    {
        Slab next = _slab.IsShared ? pool.Rent() : _slab;
        int count = Count;
        Waiting.CopyTo(next.Bytes);
        if (next != _slab)
        {
            _slab.Release();
            _slab = next;
        }

        _start = 0;
        _end = count;
    }
}
