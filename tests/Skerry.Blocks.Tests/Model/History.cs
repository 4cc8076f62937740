namespace Skerry.Blocks.Tests.Model;

/// <summary>
/// The states that the store went through, oldest first, from the last one known durable on: one of them is what a crash must leave.
/// </summary>
internal sealed class History
{
    private readonly List<ModelStore> _states = [ModelStore.Empty];
    private int _durable;

    public ModelStore Newest => _states[^1];

    public int Count => _states.Count - _durable;

    /// <summary>Where the states begin that a crash at this moment may leave. Holds until <see cref="Settle"/>.</summary>
    public int Durable => Volatile.Read(ref _durable);

    public void Add(ModelStore state) => _states.Add(state);

    /// <summary>Newest first.</summary>
    public IEnumerable<ModelStore> Since(int durable)
    {
        for (var i = _states.Count - 1; i >= durable; i--)
        {
            yield return _states[i];
        }
    }

    public void AllDurable() => Volatile.Write(ref _durable, _states.Count - 1);

    /// <summary>All that was done to this volume is durable, and so is what came before that.</summary>
    public void VolumeDurable(string id) => Volatile.Write(
        ref _durable,
        Math.Max(_durable, _states.FindIndex(state => state.Volumes.TryGetValue(id, out var volume) && ReferenceEquals(volume, Newest[id]))));

    /// <summary>Forgets what no crash can bring back any more.</summary>
    public void Settle()
    {
        _states.RemoveRange(0, _durable);
        _durable = 0;
    }

    /// <summary>Goes on from this state, which is durable.</summary>
    public void GoOnFrom(ModelStore state)
    {
        _states.Clear();
        _states.Add(state);
        _durable = 0;
    }
}
