namespace Skerry.Movers.Tests.Native.Disasters;

/// <summary>What disasters came to.</summary>
internal sealed class DisasterTally
{
    public long Writes { get; set; }

    public long FlushedAtBoth { get; set; }

    public long Forced { get; set; }

    public long Planned { get; set; }

    public long Diverged { get; set; }

    public long Full { get; set; }

    public long Leases { get; set; }

    public long Runs { get; set; }

    public long Cuts { get; set; }

    public long CutReturns { get; set; }

    public long Drills { get; set; }

    public long CleanedBytes { get; set; }

    public void Add(DisasterTally other)
    {
        foreach (var count in typeof(DisasterTally).GetProperties())
        {
            count.SetValue(this, (long)count.GetValue(this)! + (long)count.GetValue(other)!);
        }
    }

    public override string ToString() =>
        $"{Writes} writes, {FlushedAtBoth} flushes acknowledged as durable at both, {Forced} forced and {Planned} planned failovers, {Leases} after a lease ran out, {CutReturns} at a cut, {Diverged} returns with what diverged kept, {Full} promotions refused for a full disk at first, {Cuts} cuts, {Runs} single runs, {Drills} drills, {CleanedBytes >> 20} MiB moved by cleaners";
}
