namespace Skerry.Blocks.Nbd;

/// <summary>
/// Counts what is in flight and sends what is ready. Invariants, all under one lock: a request counts from <see cref="Admit"/> until
/// its reply is sent or given up; one thread at a time sends; whoever sends goes on until nothing is ready.
/// </summary>
/// <remarks>
/// The receiving thread sends what it finished itself, many replies at once. What finishes elsewhere is sent by a thread of this
/// queue's own, started when first needed: a send may block for as long as the client pleases, which a pool thread or the block
/// store's must not.
/// </remarks>
internal sealed class ReplyQueue(ClientSocket socket, Func<Request> make, int maxRequests, long maxBytes, string threadName)
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
    private bool _isBroken;
    private bool _isClosed;
    private Thread? _sender;

    /// <summary>
    /// Takes a request in, after waiting for room; null when the client has ended. Receiving thread only. A request that is larger
    /// than the limit goes when it is alone.
    /// </summary>
    public Request? Admit(in RequestHeader header, long receivedTimestamp, long heldBytes)
    {
        bool mustSend = false;
        while (true)
        {
            if (mustSend)
            {
                // What would make room may be waiting for us to send it.
                SendReady();
            }

            lock (_gate)
            {
                bool hasRoom = _inFlight == 0 || (_inFlight < maxRequests && _heldBytes + heldBytes <= maxBytes);
                if (!hasRoom && !_isBroken)
                {
                    if (_ready.Count == 0 || _isSending)
                    {
                        Monitor.Wait(_gate);
                    }

                    mustSend = true;
                    continue;
                }

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

    /// <summary>Sends until nothing is ready, unless another thread is at it. Before the receiving thread blocks it calls this.</summary>
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

        while (TakeReady())
        {
            bool sent = socket.Send(_pieces);
            lock (_gate)
            {
                foreach (Request request in _sending)
                {
                    GiveUp(request);
                }

                _isBroken |= !sent;
                Monitor.PulseAll(_gate);
            }
        }
    }

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

    private void GiveUp(Request request)
    {
        _inFlight--;
        _heldBytes -= request.HeldBytes;
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
            lock (_gate)
            {
                while (!_isClosed && (_ready.Count == 0 || _isSending))
                {
                    Monitor.Wait(_gate);
                }

                if (_isClosed)
                {
                    return;
                }
            }

            SendReady();
        }
    }
}
