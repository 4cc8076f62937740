using System.Text.Json;
using Skerry.Blocks;
using Skerry.Domain.Recovery;
using Skerry.Domain.Replication;
using Skerry.Movers.Native.Wire;

namespace Skerry.Movers.Native;

/// <summary>The gates of this site's volumes, one for each and its present generation.</summary>
internal sealed class VolumeGates(BootClock clock)
{
    /// <summary>Kept with a volume at the source, and with its copy at the target: in that generation there are leases.</summary>
    public const string LeaseProperty = "lease";

    private readonly Lock _lock = new();
    private readonly Dictionary<string, Entry> _gates = new(StringComparer.Ordinal);

    /// <summary>
    /// The gate of the volume in that generation. One that is made anew knows from what is beside the volume whether a target may have
    /// granted a lease in that generation; then nothing is acknowledged before it does again.
    /// </summary>
    public VolumeGate Of(BlockVolume volume, Generation generation)
    {
        Entry? former;
        VolumeGate gate;
        lock (_lock)
        {
            if (_gates.TryGetValue(volume.Id, out former) && former.GenerationId == generation.Id && ReferenceEquals(former.Volume, volume))
            {
                return former.Gate;
            }

            gate = new VolumeGate(volume, clock);
            volume.Gate = null;
            if (ReadLease(volume) is { } lease && lease.GenerationId == generation.Id)
            {
                gate.Bind(lease.ReplicationId, isAskedFor: true);
            }

            _gates[volume.Id] = new Entry(generation.Id, volume, gate);
        }

        former?.Gate.Close();
        return gate;
    }

    /// <summary>The gate that the volume has, in whatever generation; null when it has none.</summary>
    public VolumeGate? Find(string volumeId)
    {
        lock (_lock)
        {
            return _gates.GetValueOrDefault(volumeId)?.Gate;
        }
    }

    public static LeaseDocument? ReadLease(BlockVolume volume) =>
        volume.GetProperty(LeaseProperty) is { } bytes ? JsonSerializer.Deserialize(bytes.Span, MoverJson.Default.LeaseDocument) : null;

    public static ValueTask WriteLeaseAsync(BlockVolume volume, LeaseDocument lease, CancellationToken cancellationToken) =>
        volume.SetPropertyAsync(
            LeaseProperty, JsonSerializer.SerializeToUtf8Bytes(lease, MoverJson.Default.LeaseDocument), cancellationToken);

    private sealed record Entry(string GenerationId, BlockVolume Volume, VolumeGate Gate);
}
