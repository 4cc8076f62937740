using System.Buffers;
using System.Runtime.CompilerServices;

namespace Skerry.Blocks.Nbd;

/// <summary>
/// One request from its header until its reply is sent, and then the next: a connection uses a handful of these over and over, so
/// that a request that the device finishes at once allocates nothing.
/// </summary>
/// <remarks>
/// It belongs to the receiving thread until the device's task completes, to the thread that completes it until it is handed to the
/// <see cref="ReplyQueue"/>, and to the sending thread from there.
/// </remarks>
internal sealed class Request
{
    private readonly Transmission _owner;
    private readonly Action _onCompleted;
    private ValueTaskAwaiter _awaiter;
    private Slab? _payloadSlab;
    private byte[]? _payloadRented;
    private byte[]? _replyRented;
    private Slab? _replySlab;

    public Request(Transmission owner)
    {
        _owner = owner;
        _onCompleted = OnCompleted;
    }

    public RequestHeader Header { get; private set; }

    /// <summary>From <see cref="TimeProvider.GetTimestamp"/>.</summary>
    public long ReceivedTimestamp { get; private set; }

    /// <summary>What it counts for against the connection's limit until its reply is sent.</summary>
    public long HeldBytes { get; private set; }

    /// <summary>What is sent, in order; written for success before the work begins.</summary>
    public List<ArraySegment<byte>> Parts { get; } = new(2);

    public void Begin(in RequestHeader header, long receivedTimestamp, long heldBytes)
    {
        Header = header;
        ReceivedTimestamp = receivedTimestamp;
        HeldBytes = heldBytes;
    }

    public void HoldPayload(Slab slab) => _payloadSlab = slab;

    public Memory<byte> RentPayload(int bytes) => (_payloadRented = ArrayPool<byte>.Shared.Rent(bytes)).AsMemory(0, bytes);

    /// <summary>Adds a part that lies in a slab, which the request now holds.</summary>
    public void AddReply(Slab slab, ArraySegment<byte> part)
    {
        slab.Hold();
        _replySlab = slab;
        Parts.Add(part);
    }

    /// <summary>A buffer for the reply that goes back to its pool when the reply is sent.</summary>
    public byte[] RentReply(int bytes) => _replyRented = ArrayPool<byte>.Shared.Rent(bytes);

    /// <summary>Goes on when the device is done: at once, on this thread, where it is done already.</summary>
    public void Await(ValueTask work)
    {
        Keep(work);
        AwaitKept();
    }

    /// <summary>The work is part of a batch; <see cref="AwaitKept"/> follows when the batch has been carried out.</summary>
    public void Keep(ValueTask work) => _awaiter = work.GetAwaiter();

    public void AwaitKept()
    {
        if (_awaiter.IsCompleted)
        {
            _owner.Complete(this, Outcome(), onReceivingThread: true);
        }
        else
        {
            _awaiter.UnsafeOnCompleted(_onCompleted);
        }
    }

    /// <summary>The device is done with the payload; its buffer may go before the reply does.</summary>
    public void ReleasePayload()
    {
        _payloadSlab?.Release();
        _payloadSlab = null;
        if (_payloadRented is { } rented)
        {
            _payloadRented = null;
            ArrayPool<byte>.Shared.Return(rented);
        }
    }

    /// <summary>Gives back every buffer. Nothing of the request may be in use by the device or the socket.</summary>
    public void Clear()
    {
        ReleasePayload();
        Parts.Clear();
        _replySlab?.Release();
        _replySlab = null;
        if (_replyRented is { } rented)
        {
            _replyRented = null;
            ArrayPool<byte>.Shared.Return(rented);
        }
    }

    private void OnCompleted() => _owner.Complete(this, Outcome(), onReceivingThread: false);

    private Exception? Outcome()
    {
        try
        {
            _awaiter.GetResult();
            return null;
        }
        catch (Exception fault)
        {
            return fault;
        }
        finally
        {
            _awaiter = default;
        }
    }
}
