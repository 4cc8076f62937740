using Skerry.Blocks;

namespace Skerry.Movers.Native;

/// <summary>
/// What has to happen so that a replica can follow its source: decided from the two lineages alone. Everything follows from the
/// newest state that both have been in.
/// </summary>
internal abstract record ReplicationPlan
{
    private ReplicationPlan()
    {
    }

    /// <summary>The replica is in the source's present state: writes can be streamed from here on.</summary>
    public sealed record Stream : ReplicationPlan;

    /// <summary>The replica was never whole: everything is shipped.</summary>
    public sealed record FirstCopy : ReplicationPlan;

    /// <summary>The replica is in an earlier state of the source: what changed since is shipped.</summary>
    public sealed record CatchUp(long From) : ReplicationPlan;

    /// <summary>
    /// The replica has writes after <paramref name="From"/> that are not in the source's history: an old primary after a forced
    /// failover, or a replica that was ahead of a primary that lost power. What changed at either side since is compared.
    /// </summary>
    public sealed record Diverged(long From) : ReplicationPlan;

    /// <summary>
    /// The two share no history, and a person said that the replica's place holds the same disk: both are read whole and compared.
    /// </summary>
    public sealed record Adopt : ReplicationPlan;

    /// <summary>The two are not copies of one disk.</summary>
    public sealed record Refuse(string Reason) : ReplicationPlan;

    /// <remarks>
    /// Streaming needs the very same runs, not just a common state. An opening without any write leaves a run in one history that
    /// the other lacks; were the next run streamed on top, the two would look diverged from that opening on. So the replica takes
    /// over the source's lineage first, which moves no block.
    /// </remarks>
    /// <param name="source">Of the state to be shipped.</param>
    /// <param name="replica">Of the replica's whole state.</param>
    /// <param name="replicaIsWhole">False before a first copy is complete.</param>
    /// <param name="mayAdopt">True when somebody said that two copies without common history are to be joined.</param>
    public static ReplicationPlan For(Lineage source, Lineage replica, bool replicaIsWhole, bool mayAdopt = false)
    {
        if (!replicaIsWhole)
        {
            return new FirstCopy();
        }

        var common = Lineage.CommonNumber(source, replica);
        return common < 0 && mayAdopt ? new Adopt()
            : common < 0 ? new Refuse("The two copies share no history: they are not copies of one disk.")
            : replica.LastNumber > common ? new Diverged(common)
            : replica.Equals(source) ? new Stream()
            : new CatchUp(common);
    }

    /// <summary>The last number that both share, -1 for not even the empty disk; blocks changed after it are what a catch-up handles.</summary>
    public long Base => this switch
    {
        CatchUp plan => plan.From,
        Diverged plan => plan.From,
        Adopt => -1,
        _ => 0,
    };

    /// <summary>True when blocks are compared before they move.</summary>
    public bool IsCompared => this is Diverged or Adopt;

    /// <summary>The word for reports.</summary>
    public string Kind => this switch
    {
        FirstCopy => "first-copy",
        Diverged => "resync",
        Adopt => "adopt",
        _ => "catch-up",
    };
}
