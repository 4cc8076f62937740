using Skerry.Sync.Protocol;

namespace Skerry.Simulation.Runs;

/// <summary>What went over all links of a run.</summary>
internal sealed class Traffic
{
    public long Frames { get; private set; }

    public long Mutations { get; private set; }

    public long Snapshots { get; private set; }

    public void Sent(Frame frame)
    {
        Frames++;
        Mutations += frame is Batch batch ? batch.Mutations.Count : 0;
        Snapshots += frame is SnapshotOffer ? 1 : 0;
    }
}
