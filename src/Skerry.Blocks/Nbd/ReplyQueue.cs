namespace Skerry.Blocks.Nbd;

/// <summary>
/// Counts what is in flight and sends what is ready. Invariants, all under one lock: a request counts from <see cref="Admit"/> until
/// its reply is sent or given up; one thread at a time sends; whoever sends goes on until nothing is ready, or hands over.
/// </summary>
/// <remarks>
/// The receiving thread sends what it finished itself, many replies at once, as far as the client takes them. The rest, and what
/// finishes elsewhere, is sent by a thread of this queue's own, started when first needed: a send may block for as long as the client
/// pleases, which neither a pool thread, nor the block store's, nor the one that the client's next request waits for must do.
/// </remarks>
internal sealed class ReplyQueue(ClientSocket socket, Func<Request> make, int maxRequests, long maxBytes, ByteBudget budget, string threadName)
{
    /// <summary>The receiving thread sends at the latest when this much is ready, so that the client has something to do.</summary>
    private const int WorthSendingBytes = 128 * 1024;

    private const int SenderStackBytes = 128 * 1024;

    private readonly object _gate = new();
    private readonly Stack<Request> _idle = new();
    private readonly List<ArraySegment<byte>> _pieces = new(16);
    private List<Request> _ready = new(16);
    private List<Request> _sending = new(16);
    private long _readyBytes;
    private int _inFlight;
    private long _heldBytes;
    private bool _isSending;
    private bool _isHandedOver;
    private bool _isBroken;
    private bool _isClosed;
    private Thread? _sender;

    /// <summary>True when no request is between receipt and sent reply.</summary>
    public bool IsIdle
    {
        get
        {
            lock (_gate)
            {
                return _inFlight == 0;
            }
        }
    }

    /// <summary>True when a single request is between receipt and sent reply.</summary>
    public bool HasOne
    {
        get
        {
            lock (_gate)
            {
                return _inFlight == 1;
            }
        }
    }

    /// <summary>Takes a request in; null where there is no room, or the client has ended. Receiving thread only.</summary>
    public Request? TryAdmit(in RequestHeader header, long receivedTimestamp, long heldBytes)
    {
        lock (_gate)
        {
            return HasRoom(heldBytes) ? Take(header, receivedTimestamp, heldBytes) : null;
        }
    }

    /// <summary>
    /// Takes a request in, after waiting for room; null when the client has ended. Receiving thread only. A request that is larger
    /// than the limit goes when it is alone.
    /// </summary>
    public Request? Admit(in RequestHeader header, long receivedTimestamp, long heldBytes)
    {
        lock (_gate)
        {
            if (!HasRoom(heldBytes))
            {
                WaitForRoom(heldBytes);
            }

            return Take(header, receivedTimestamp, heldBytes);
        }
    }

    /// <summary>The request's reply is complete. Only the receiving thread may say that it will send it.</summary>
    public void Add(Request request, bool receiverWillSend)
    {
        long bytes = 0;
        foreach (ArraySegment<byte> part in request.Parts)
        {
            bytes += part.Count;
        }

        bool sendNow;
        lock (_gate)
        {
            if (_isBroken)
            {
                GiveUp(request);
                Monitor.PulseAll(_gate);
                return;
            }

            _ready.Add(request);
            _readyBytes += bytes;
            sendNow = receiverWillSend && _readyBytes >= WorthSendingBytes;
            if (!receiverWillSend && !_isSending)
            {
                WakeSender();
            }
        }

        if (sendNow)
        {
            SendReady();
        }
    }

    /// <summary>Ends a request that gets no reply.</summary>
    public void Drop(Request request)
    {
        lock (_gate)
        {
            GiveUp(request);
            Monitor.PulseAll(_gate);
        }
    }

    /// <summary>
    /// Sends what is ready, unless another thread is at it. The receiving thread calls it before it blocks; it does not block itself.
    /// </summary>
    public void SendReady()
    {
        lock (_gate)
        {
            if (_isSending || _ready.Count == 0)
            {
                return;
            }

            _isSending = true;
        }

        SendAll(mayBlock: false);
    }

    /// <summary>
    /// Gives the receiving thread the right to send the parts of one reply as they come: nothing else is ready, and nobody sends.
    /// <see cref="EndParts"/> or <see cref="GiveSendingBack"/> must follow.
    /// </summary>
    public bool TryTakeSending()
    {
        lock (_gate)
        {
            if (_isSending || _isBroken || _ready.Count > 0)
            {
                return false;
            }

            _isSending = true;
            _sending.Clear();
            _pieces.Clear();
            return true;
        }
    }

    /// <summary>"Some": the rest of it is kept and goes first, when <see cref="EndParts"/> has handed over.</summary>
    public SendOutcome SendPart(ArraySegment<byte> part)
    {
        _pieces.Add(part);
        return socket.Send(_pieces, mayBlock: false);
    }

    /// <summary>A part to send after those that could not be sent.</summary>
    public void AddPart(ArraySegment<byte> part) => _pieces.Add(part);

    /// <summary>The request's reply is sent, or all that is left of it is here.</summary>
    public void EndParts(Request request, SendOutcome outcome)
    {
        _sending.Add(request);
        if (EndSend(outcome))
        {
            SendAll(mayBlock: false);
        }
    }

    /// <summary>Nothing was sent.</summary>
    public void GiveSendingBack() => SendAll(mayBlock: false);

    /// <summary>Waits until nothing is in flight; false when that took too long.</summary>
    public bool WaitIdle(TimeSpan limit)
    {
        long deadline = limit == Timeout.InfiniteTimeSpan ? long.MaxValue : Environment.TickCount64 + (long)limit.TotalMilliseconds;
        lock (_gate)
        {
            while (_inFlight > 0)
            {
                long leftMilliseconds = deadline - Environment.TickCount64;
                if (leftMilliseconds <= 0)
                {
                    return false;
                }

                Monitor.Wait(_gate, (int)Math.Min(leftMilliseconds, int.MaxValue));
            }

            return true;
        }
    }

    /// <summary>Ends the sending thread. Nothing may be in flight.</summary>
    public void Close()
    {
        Thread? sender;
        lock (_gate)
        {
            _isClosed = true;
            sender = _sender;
            Monitor.PulseAll(_gate);
        }

        sender?.Join();
    }

    private Request? Take(in RequestHeader header, long receivedTimestamp, long heldBytes)
    {
        if (_isBroken)
        {
            return null;
        }

        if (!_idle.TryPop(out Request? request))
        {
            request = make();
        }

        _inFlight++;
        _heldBytes += heldBytes;
        request.Begin(header, receivedTimestamp, heldBytes);
        return request;
    }

    private bool HasRoom(long heldBytes) => _inFlight == 0 || (_inFlight < maxRequests && _heldBytes + heldBytes <= maxBytes);

    private void WaitForRoom(long heldBytes)
    {
        // What would make room may be waiting to be sent by this very thread.
        if (_ready.Count > 0 && !_isSending)
        {
            WakeSender();
        }

        while (!HasRoom(heldBytes) && !_isBroken)
        {
            Monitor.Wait(_gate);
        }
    }

    /// <summary>Lists the pieces of all that is ready, adjoining ones as one; or lets go of the sending, with nothing ready.</summary>
    private bool TakeReady()
    {
        lock (_gate)
        {
            _sending.Clear();
            if (_isBroken)
            {
                foreach (Request request in _ready)
                {
                    GiveUp(request);
                }

                _ready.Clear();
                Monitor.PulseAll(_gate);
            }

            (_ready, _sending) = (_sending, _ready);
            _readyBytes = 0;
            if (_sending.Count == 0)
            {
                _isSending = false;
                return false;
            }
        }

        _pieces.Clear();
        foreach (Request request in _sending)
        {
            foreach (ArraySegment<byte> part in request.Parts)
            {
                if (_pieces.Count > 0 && _pieces[^1] is var last && last.Array == part.Array && last.Offset + last.Count == part.Offset)
                {
                    _pieces[^1] = new(last.Array!, last.Offset, last.Count + part.Count);
                }
                else
                {
                    _pieces.Add(part);
                }
            }
        }

        return true;
    }

    /// <summary>Only the thread that set <see cref="_isSending"/>, or was handed it, may call this.</summary>
    private void SendAll(bool mayBlock)
    {
        while (TakeReady())
        {
            if (!SendTaken(mayBlock))
            {
                return;
            }
        }
    }

    private bool SendTaken(bool mayBlock) => EndSend(socket.Send(_pieces, mayBlock));

    /// <summary>False when the rest was handed over to the queue's own thread.</summary>
    private bool EndSend(SendOutcome outcome)
    {
        lock (_gate)
        {
            if (outcome == SendOutcome.Some)
            {
                _isHandedOver = true;
                WakeSender();
                return false;
            }

            foreach (Request request in _sending)
            {
                GiveUp(request);
            }

            _isBroken |= outcome == SendOutcome.Failed;
            Monitor.PulseAll(_gate);
            return true;
        }
    }

    private void GiveUp(Request request)
    {
        _inFlight--;
        _heldBytes -= request.HeldBytes;
        budget.Return(SharedBounds.BudgetBytes(request.HeldBytes));
        request.Clear();
        _idle.Push(request);
    }

    private void WakeSender()
    {
        if (_sender is null)
        {
            _sender = new Thread(SendUntilClosed, SenderStackBytes) { IsBackground = true, Name = threadName };
            _sender.Start();
        }

        Monitor.PulseAll(_gate);
    }

    private void SendUntilClosed()
    {
        while (true)
        {
            bool isHandedOver;
            lock (_gate)
            {
                while (!_isClosed && !_isHandedOver && (_ready.Count == 0 || _isSending))
                {
                    Monitor.Wait(_gate);
                }

                if (_isClosed)
                {
                    return;
                }

                isHandedOver = _isHandedOver;
                _isHandedOver = false;
                _isSending = true;
            }

            if (isHandedOver)
            {
                SendTaken(mayBlock: true);
            }

            SendAll(mayBlock: true);
        }
    }
}
