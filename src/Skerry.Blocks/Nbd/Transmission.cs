namespace Skerry.Blocks.Nbd;

/// <summary>
/// The transmission phase of one connection: takes requests off the socket, starts them on the device in the order of arrival, and
/// hands each to the <see cref="ReplyQueue"/> when it is done, in whatever order that is.
/// </summary>
internal sealed class Transmission : IDisposable
{
    private readonly ClientSocket _socket;
    private readonly IBlockDevice _device;
    private readonly IBatchingDevice? _batching;
    private readonly WriterPace? _pace;
    private readonly List<Request> _batch = [];
    private readonly NbdExport _export;
    private readonly Agreement _agreed;
    private readonly NbdMetrics _metrics;
    private readonly Action<string, Exception> _report;
    private readonly ReceiveBuffer _input;
    private readonly SlabPool _slabs;
    private readonly ByteBudget _budget;
    private readonly SharedBounds _bounds;
    private readonly Func<bool> _beforeWaiting;
    private readonly CancellationToken _cancel;
    private readonly StreamedRead _streamed;
    private Slab _replies;
    private NbdError _streamedError;
    private int _repliesUsed;
    private long _now;
    private long _reportedIn;
    private long _reportedOut;
    private volatile bool _isStopping;
    private volatile bool _isWaitingForShare;

    public Transmission(
        ClientSocket socket,
        NbdExport export,
        Agreement agreed,
        ServerParts server,
        Action<string, Exception> report,
        CancellationToken cancel)
    {
        _socket = socket;
        _export = export;
        _device = export.Device;
        _batching = _device as IBatchingDevice;
        _pace = _device is IPacedDevice paced ? new WriterPace(paced, server.Time) : null;
        _agreed = agreed;
        _slabs = server.Slabs;
        _metrics = server.Metrics;
        _budget = server.Budget;
        _bounds = new SharedBounds(export.Limiter, server.Budget, server.Time, cancel);
        _beforeWaiting = BeforeWaiting;
        _report = report;
        _cancel = cancel;
        _input = new ReceiveBuffer(socket, server.Slabs);
        _replies = server.Slabs.Rent();
        Queue = new ReplyQueue(
            socket, () => new Request(this), server.Options.MaxRequestsInFlight, server.Options.MaxBytesInFlight, server.Budget, $"nbd send {export.Label}");
        _streamed = new StreamedRead(_slabs, Queue, TellPart);
    }

    public ReplyQueue Queue { get; }

    /// <summary>True when the client has nothing here that is waited for.</summary>
    public bool IsIdle => !_isWaitingForShare && Queue.IsIdle;

    /// <summary>Takes no further request after the one it is at. <see cref="ClientSocket.StopReceiving"/> wakes it if it waits.</summary>
    public void Stop() => _isStopping = true;

    /// <summary>Returns when the client has ended, disconnects, breaks the protocol, or is cut off. Requests may still be in flight.</summary>
    public void Run()
    {
        try
        {
            TakeRequests();
        }
        finally
        {
            EndBatch();
        }
    }

    private void TakeRequests()
    {
        while (!_isStopping)
        {
            if (_input.Count < Protocol.RequestHeaderBytes)
            {
                if (!Receive(Protocol.RequestHeaderBytes))
                {
                    return;
                }
            }
            else if (!RequestHeader.TryParse(_input.Waiting, out RequestHeader header) || header.Command == Command.Disconnect)
            {
                return;
            }
            else
            {
                _input.Skip(Protocol.RequestHeaderBytes);
                if (!Begin(header))
                {
                    return;
                }
            }
        }
    }

    /// <summary>The device is done with a request. Its reply was written for success; a fault replaces it.</summary>
    public void Complete(Request request, Exception? fault, bool onReceivingThread)
    {
        request.ReleasePayload();
        RequestHeader header = request.Header;
        Refusal refusal = Judge(header, fault);
        if (!refusal.IsNone)
        {
            request.Parts.Clear();
            request.Parts.Add(Reply.Error(header.Cookie, refusal, _agreed.StructuredReplies));
        }

        _metrics.Completed(header.Command, request.ReceivedTimestamp, refusal.Error);
        Queue.Add(request, receiverWillSend: onReceivingThread);
    }

    /// <summary>
    /// Reads and sends a large read in slices; false where that cannot be. The device must have no holes to tell of in the range.
    /// </summary>
    public bool TryStream(Request request)
    {
        // Only a device that batches is known to complete its reads at once.
        if (_batching is null || (request.Header.Flags & CommandFlags.DontFragment) != 0)
        {
            return false;
        }

        // Afterwards the request may be another one.
        long receivedTimestamp = request.ReceivedTimestamp;
        _streamedError = NbdError.None;
        if (!_streamed.TryRun(request, _device, _cancel))
        {
            return false;
        }

        _metrics.Completed(Command.Read, receivedTimestamp, _streamedError);
        return true;
    }

    private byte[] TellPart(Request request, Exception fault)
    {
        Refusal refusal = Judge(request.Header, fault);
        _streamedError = refusal.Error;
        return Reply.Error(request.Header.Cookie, refusal, structured: true);
    }

    private Refusal Judge(in RequestHeader header, Exception? fault)
    {
        if (fault is null)
        {
            return default;
        }

        if (DeviceFault.IsWorthReporting(fault))
        {
            _report($"{header.Command} of {header.LengthBytes} bytes at {header.OffsetBytes}", fault);
        }

        return DeviceFault.Tell(fault);
    }

    /// <summary>Nothing may be in flight.</summary>
    public void Dispose()
    {
        _streamed.Dispose();
        Queue.Close();
        _input.Dispose();
        _replies.Release();
        ReportMoved();
    }

    private bool Begin(in RequestHeader header)
    {
        Refusal refusal = RequestRules.Check(header, _agreed, _device.SizeBytes, _export.RefusesWrites);
        bool hasPayload = header.Command == Command.Write;
        if (!refusal.IsNone)
        {
            // The payload of a refused write is in the stream all the same.
            return (!hasPayload || Discard(header.LengthBytes)) && Refuse(header, refusal);
        }

        if (hasPayload && _pace is { IsDue: true } pace && BeforeWaiting())
        {
            pace.Wait(() => !_isStopping);
        }

        bool isHeld = hasPayload || header.Command == Command.Read;
        if (Admit(header, isHeld ? header.LengthBytes : 0) is not { } request)
        {
            return false;
        }

        if (header.Command == Command.Read)
        {
            // Before it reads: a large read may be sent at once, and after what was ready before it.
            if (header.LengthBytes > StreamedRead.SliceBytes)
            {
                EndBatch();
                Queue.SendReady();
            }

            ReadRequests.Begin(request, this, _device, _agreed, _cancel);
            return true;
        }

        if (header.Command == Command.BlockStatus)
        {
            BlockStatusRequests.Begin(request, this, _export, _agreed.Contexts);
            return true;
        }

        if (!TakePayload(request, out ReadOnlyMemory<byte> payload))
        {
            Queue.Drop(request);
            return false;
        }

        Reply.WriteSimple(ReserveReply(request, Protocol.SimpleReplyBytes), header.Cookie, NbdError.None);
        ValueTask work = Work(header, payload);
        if (_batching is not null && !work.IsCompleted)
        {
            request.Keep(work);
            _batch.Add(request);
        }
        else
        {
            request.Await(work);
        }

        return true;
    }

    /// <summary>
    /// Has the device carry out the writes that it holds back. Before this thread waits for anything: nobody else would see to them.
    /// </summary>
    private void EndBatch()
    {
        if (_batch.Count == 0)
        {
            return;
        }

        // Nothing else to do: then the sync that the one request waits for may as well be on this thread.
        bool isAlone = _batch.Count == 1 && _input.Count == 0 && Queue.HasOne;
        _batching!.CarryOut(mayWait: isAlone);
        foreach (Request request in _batch)
        {
            request.AwaitKept();
        }

        _batch.Clear();
    }

    private Request? Admit(in RequestHeader header, long heldBytes)
    {
        if (_bounds.Concern(heldBytes) && !AwaitShare(header, heldBytes))
        {
            return null;
        }

        if (Queue.TryAdmit(header, _now, heldBytes) is { } request)
        {
            return request;
        }

        EndBatch();
        Request? admitted = Queue.Admit(header, _now, heldBytes);
        if (admitted is null)
        {
            _budget.Return(SharedBounds.BudgetBytes(heldBytes));
        }

        return admitted;
    }

    private bool AwaitShare(in RequestHeader header, long heldBytes)
    {
        _isWaitingForShare = true;
        bool isMine = _bounds.Await(header, heldBytes, _beforeWaiting);
        _isWaitingForShare = false;
        return isMine;
    }

    /// <summary>Sees to what nobody else would while this thread waits; false when it need not wait any more.</summary>
    private bool BeforeWaiting()
    {
        EndBatch();
        Queue.SendReady();
        return !_isStopping;
    }

    private ValueTask Work(in RequestHeader header, ReadOnlyMemory<byte> payload)
    {
        WriteOptions options = (header.Flags & CommandFlags.Fua) != 0 ? WriteOptions.ForceUnitAccess : WriteOptions.None;
        options |= _batching is not null ? WriteOptions.MoreFollows : WriteOptions.None;
        long offsetBytes = (long)header.OffsetBytes;
        try
        {
            return header.Command switch
            {
                Command.Flush => _export.RefusesWrites ? default : _batching?.BeginFlush(_cancel) ?? _device.FlushAsync(_cancel),
                _ when header.LengthBytes == 0 => default,
                Command.Write => _device.WriteAsync(offsetBytes, payload, options, _cancel),
                Command.Trim => _device.TrimAsync(offsetBytes, header.LengthBytes, options, _cancel),
                Command.WriteZeroes => _device.WriteZeroesAsync(
                    offsetBytes,
                    header.LengthBytes,
                    options | ((header.Flags & CommandFlags.NoHole) != 0 ? WriteOptions.KeepAllocated : 0),
                    _cancel),
                // Cache is a hint, and the host's page cache needs none.
                _ => default,
            };
        }
        catch (Exception fault)
        {
            return ValueTask.FromException(fault);
        }
    }

    /// <summary>
    /// The write's data: where it was received if it is small, else in a buffer of its own that the socket fills directly. False when
    /// the client ended before it was all there: half a write never reaches the device.
    /// </summary>
    private bool TakePayload(Request request, out ReadOnlyMemory<byte> payload)
    {
        payload = default;
        if (request.Header is not { Command: Command.Write, LengthBytes: > 0 and var lengthBytes })
        {
            return true;
        }

        int bytes = (int)lengthBytes;
        if (bytes > Slab.LargestShareBytes)
        {
            Memory<byte> own = request.RentPayload(bytes);
            payload = own;
            EndBatch();
            Queue.SendReady();
            return _input.CopyTo(own.Span);
        }

        while (_input.Count < bytes)
        {
            if (!Receive(bytes))
            {
                return false;
            }
        }

        payload = _input.Take(bytes, out Slab held);
        request.HoldPayload(held);
        return true;
    }

    private bool Refuse(in RequestHeader header, Refusal refusal)
    {
        if (Admit(header, heldBytes: 0) is not { } request)
        {
            return false;
        }

        request.Parts.Add(Reply.Error(header.Cookie, refusal, _agreed.StructuredReplies));
        _metrics.Completed(header.Command, request.ReceivedTimestamp, refusal.Error);
        Queue.Add(request, receiverWillSend: true);
        return true;
    }

    private bool Discard(long bytes)
    {
        while (bytes > 0)
        {
            if (_input.Count == 0 && !Receive(1))
            {
                return false;
            }

            int now = (int)Math.Min(bytes, _input.Count);
            _input.Skip(now);
            bytes -= now;
        }

        return true;
    }

    /// <summary>Room for a reply beside those before it, so that one send takes them together.</summary>
    public ArraySegment<byte> ReserveReply(Request request, int bytes)
    {
        if (!_replies.IsShared)
        {
            // All sent: the same memory again, which is still in the processor's cache.
            _repliesUsed = 0;
        }
        else if (Slab.SizeBytes - _repliesUsed < bytes)
        {
            _replies.Release();
            _replies = _slabs.Rent();
            _repliesUsed = 0;
        }

        ArraySegment<byte> reserved = new(_replies.Bytes, _repliesUsed, bytes);
        _repliesUsed += bytes;
        request.AddReply(_replies, reserved);
        return reserved;
    }

    private bool Receive(int neededBytes)
    {
        EndBatch();
        Queue.SendReady();
        bool received = _input.Receive(neededBytes);
        _now = _metrics.Now;
        ReportMoved();
        return received;
    }

    private void ReportMoved()
    {
        long bytesIn = _socket.BytesIn;
        long bytesOut = _socket.BytesOut;
        _metrics.Moved(bytesIn - _reportedIn, bytesOut - _reportedOut);
        _reportedIn = bytesIn;
        _reportedOut = bytesOut;
    }
}
