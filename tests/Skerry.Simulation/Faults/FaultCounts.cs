namespace Skerry.Simulation.Faults;

/// <summary>How often each kind of trouble struck.</summary>
internal sealed class FaultCounts
{
    private readonly int[] _counts = new int[Enum.GetValues<FaultKind>().Length];

    public int this[FaultKind kind] => _counts[(int)kind];

    public void Struck(FaultKind kind) => _counts[(int)kind]++;

    public void Add(FaultCounts other)
    {
        for (var i = 0; i < _counts.Length; i++)
        {
            _counts[i] += other._counts[i];
        }
    }

    public override string ToString() => string.Join(", ", Enum.GetValues<FaultKind>().Select(kind => $"{kind} {this[kind]}"));
}
