namespace Skerry.Blocks.Nbd;

/// <summary>Counts the connections in transmission of each export, by its label.</summary>
internal sealed class ExportSlots(int maxOfOne)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, int> _taken = new(StringComparer.Ordinal);

    /// <summary>Exports that have a connection in transmission.</summary>
    public int Exports
    {
        get
        {
            lock (_gate)
            {
                return _taken.Count;
            }
        }
    }

    public bool TryEnter(string label)
    {
        lock (_gate)
        {
            int taken = _taken.GetValueOrDefault(label);
            if (taken >= maxOfOne)
            {
                return false;
            }

            _taken[label] = taken + 1;
            return true;
        }
    }

    public void Leave(string label)
    {
        lock (_gate)
        {
            if (--_taken[label] == 0)
            {
                _taken.Remove(label);
            }
        }
    }
}
