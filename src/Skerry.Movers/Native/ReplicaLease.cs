using Skerry.Blocks;
using Skerry.Domain;
using Skerry.Domain.Recovery;
using Skerry.Domain.Replication;
using Skerry.Movers.Native.Wire;

namespace Skerry.Movers.Native;

/// <summary>
/// This site's promise to a primary not to promote itself: that there are leases at all is recorded beside the copy before the first
/// is granted, when the last one was is remembered by the process alone.
/// </summary>
internal sealed class ReplicaLease(BootClock clock, TimeSpan startedAt)
{
    private readonly GrantedLease _granted = new(clock, startedAt);

    /// <summary>To be called, and waited for, before the grant is sent. The source was just admitted.</summary>
    public async ValueTask<LeaseGrantMessage> GrantAsync(
        BlockVolume copy, HelloMessage source, LeaseAskMessage ask, CancellationToken cancellationToken)
    {
        var length = Math.Clamp(ask.LengthMilliseconds, 1, (long)LeaseRule.MostLength.TotalMilliseconds);
        var recorded = VolumeGates.ReadLease(copy);
        if (recorded?.GenerationId != source.GenerationId || recorded.ReplicationId != source.ReplicationId || recorded.LengthMilliseconds < length)
        {
            await VolumeGates.WriteLeaseAsync(
                copy, new LeaseDocument(source.Generation, source.GenerationId, source.ReplicationId, length), cancellationToken);
            await FailPoint.ReachAsync(MoverSteps.LeaseRecorded, copy);
        }

        _granted.Granting(TimeSpan.FromMilliseconds(length));
        return new LeaseGrantMessage(ask.Sequence, length);
    }

    /// <summary>Gives the right to promote itself back: durable when this returns.</summary>
    public static ValueTask ForgetAsync(BlockVolume copy, CancellationToken cancellationToken) =>
        copy.RemovePropertyAsync(VolumeGates.LeaseProperty, cancellationToken);

    public LeaseStanding? Standing(BlockVolume copy) => VolumeGates.ReadLease(copy) is { } recorded
        ? new LeaseStanding(
            recorded.ReplicationId, recorded.GenerationId, _granted.Left(TimeSpan.FromMilliseconds(recorded.LengthMilliseconds)))
        : null;
}
