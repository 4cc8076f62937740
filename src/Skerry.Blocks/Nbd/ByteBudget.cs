namespace Skerry.Blocks.Nbd;

/// <summary>
/// Memory that all connections of a server share for payloads too large for a slab. Those that do not fit wait in the order of their
/// arrival; one that could never fit goes alone.
/// </summary>
internal sealed class ByteBudget(long maxBytes)
{
    private readonly Lock _gate = new();
    private readonly LinkedList<object> _waiting = new();
    private long _takenBytes;

    public long TakenBytes
    {
        get
        {
            lock (_gate)
            {
                return _takenBytes;
            }
        }
    }

    /// <summary>
    /// Takes the bytes if it is the place's turn and they fit. A <paramref name="place"/> that did not get them is in the queue until
    /// it does, or <see cref="Leave"/>s.
    /// </summary>
    public bool TryTake(object place, long bytes)
    {
        lock (_gate)
        {
            bool isFirst = _waiting.First is null || ReferenceEquals(_waiting.First.Value, place);
            if (isFirst && (_takenBytes == 0 || _takenBytes + bytes <= maxBytes))
            {
                _waiting.Remove(place);
                _takenBytes += bytes;
                return true;
            }

            if (!_waiting.Contains(place))
            {
                _waiting.AddLast(place);
            }

            return false;
        }
    }

    public void Leave(object place)
    {
        lock (_gate)
        {
            _waiting.Remove(place);
        }
    }

    public void Return(long bytes)
    {
        if (bytes == 0)
        {
            return;
        }

        lock (_gate)
        {
            _takenBytes -= bytes;
        }
    }
}
