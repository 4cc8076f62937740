using Skerry.State.Clocks;
using Skerry.State.Merging;

namespace Skerry.Simulation.Checking;

/// <summary>
/// What was done in a run, told by the ones who did it, and what must follow from it. It shares no code with the merge: it knows
/// which mutation was made with which others in view, and what each was meant to replace.
/// </summary>
internal sealed class History
{
    private readonly Writers _writers = new();
    private readonly Dictionary<Dot, Made> _made = [];
    private readonly Dictionary<EntityKey, List<(Made Made, FieldWrite Write)>> _byEntity = [];

    /// <summary>Every mutation is told before it is made. Else others are let through, and nothing is expected of what they write.</summary>
    public bool IsWhole { get; set; } = true;

    public int Count => _made.Count;

    public int Acknowledged => _made.Values.Count(made => made.IsAcknowledged);

    public IEnumerable<EntityKey> Entities => _byEntity.Keys;

    public IEnumerable<Made> All => _made.Values;

    public int NumberOf(Writer writer) => _writers.NumberOf(writer);

    public Seen Of(VersionVector vector) => _writers.Of(vector);

    /// <summary>A mutation is about to be made; it is not known whether its maker lives to see it done.</summary>
    public Made Making(Dot dot, VersionVector seen, IReadOnlyList<FieldWrite> writes)
    {
        if (_made.TryGetValue(dot, out var earlier))
        {
            if (earlier.IsAcknowledged)
            {
                throw new SimulationException($"{dot} is made a second time, and the first was acknowledged.");
            }

            Forget(earlier);
        }

        var made = new Made(dot, _writers.NumberOf(dot.Writer), Of(seen), writes);
        _made.Add(dot, made);
        foreach (var write in writes)
        {
            if (!_byEntity.TryGetValue(write.Key, out var history))
            {
                _byEntity.Add(write.Key, history = []);
            }

            history.Add((made, write));
        }

        return made;
    }

    /// <summary>It certainly did not happen.</summary>
    public void NotMade(Made made)
    {
        if (_made.TryGetValue(made.Dot, out var current) && current == made)
        {
            Forget(made);
        }
    }

    /// <summary>What the writer made beyond what is durable certainly did not happen as it was told; what is decided again is told again.</summary>
    public void NotMadeAbove(Writer writer, VersionVector durable)
    {
        foreach (var made in _made.Values.Where(made => made.Dot.Writer == writer && !durable.Covers(made.Dot)).ToList())
        {
            Forget(made);
        }
    }

    public Made? Find(Dot dot) => _made.GetValueOrDefault(dot);

    /// <summary>What must stand of an entity where those mutations were seen.</summary>
    public ExpectedEntity Expect(EntityKey key, Seen seen) => ExpectedEntity.Of(_byEntity.GetValueOrDefault(key) ?? [], seen);

    /// <summary>Somebody saw a value of the mutation.</summary>
    public void Sighted(StandingValue value)
    {
        Sighted(value.Dot, value.Stamp);
        var made = _made[value.Dot];
        if ((made.IsUnsure ??= value.IsUnsure) != value.IsUnsure)
        {
            throw new SimulationException($"The stamp of {value.Dot} is unsure at one site and not at another.");
        }
    }

    /// <summary>Somebody saw the mutation with this stamp.</summary>
    public void Sighted(Dot dot, Hlc stamp)
    {
        if (Find(dot) is not { } made)
        {
            if (IsWhole)
            {
                throw new SimulationException($"There is {dot}, which nobody made.");
            }

            return;
        }

        if (made.Stamp is { } known)
        {
            if (known != stamp)
            {
                throw new SimulationException($"{dot} was stamped {known}, and is {stamp} elsewhere.");
            }

            return;
        }

        made.Stamp = stamp;
        foreach (var named in made.Writes.SelectMany(write => write.Replaces.Concat(write.Outranks)))
        {
            if (Find(named)?.Stamp is { } other && other >= stamp)
            {
                throw new SimulationException($"{dot} is stamped {stamp}, which is not above {other} of {named}, which it names.");
            }
        }
    }

    /// <summary>A disk was put back, or is gone for good: what nobody else has may be lost.</summary>
    /// <param name="left">What all that are left have on their disks.</param>
    public void Lost(Seen left)
    {
        foreach (var made in _made.Values)
        {
            made.MayBeLost |= !made.IsIn(left);
        }
    }

    private void Forget(Made made)
    {
        _made.Remove(made.Dot);
        foreach (var key in made.Writes.Select(write => write.Key).Distinct())
        {
            _byEntity[key].RemoveAll(entry => entry.Made == made);
        }
    }
}
