using Skerry.Blocks;

namespace Skerry.Movers.Tests.Native.Disasters;

/// <summary>
/// The two-primaries detector: of each write that is acknowledged it notes site, generation and time. In one generation one site
/// acknowledges, and no site goes on in a generation for more than a second once it knows of a higher one.
/// </summary>
internal sealed class PrimaryWatch
{
    private static readonly TimeSpan FencedWithin = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private readonly Dictionary<long, string> _primaries = [];
    private readonly Dictionary<(string Site, long Generation), DateTimeOffset> _learned = [];

    /// <summary>Before a write: notes what its site knows.</summary>
    public void Begin(BlockVolume volume)
    {
        if (Strikes.OwnerOf(volume) is { } site)
        {
            lock (_lock)
            {
                _learned.TryAdd((site.Name, site.KnownGeneration(volume.Id)), DateTimeOffset.UtcNow);
            }
        }
    }

    /// <summary>After a write was acknowledged. False when its site had died meanwhile, so that nobody was told.</summary>
    public bool Acknowledged(BlockVolume volume)
    {
        if (Strikes.OwnerOf(volume) is not { } site)
        {
            return true;
        }

        if (site.IsStruck)
        {
            return false;
        }

        var generation = volume.Lineage.Runs[^1].Generation;
        lock (_lock)
        {
            if (!_primaries.TryAdd(generation, site.Name))
            {
                Assert.True(_primaries[generation] == site.Name, $"two primaries: {_primaries[generation]} and {site.Name} both acknowledged writes in generation {generation}");
            }

            foreach (var ((name, known), at) in _learned)
            {
                Assert.True(
                    name != site.Name || known <= generation || DateTimeOffset.UtcNow - at < FencedWithin,
                    $"two primaries: {site.Name} acknowledged a write in generation {generation}, and knew of {known} since {at:O}");
            }
        }

        return true;
    }
}
