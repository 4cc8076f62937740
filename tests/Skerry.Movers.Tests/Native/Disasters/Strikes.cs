using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using Skerry.Domain;

namespace Skerry.Movers.Tests.Native.Disasters;

/// <summary>What befalls a site when it reaches a moment.</summary>
internal enum Blow
{
    /// <summary>The process dies; what it wrote is there.</summary>
    Kill,

    /// <summary>The power goes; what was not synced may be lost, in part or whole.</summary>
    PowerLoss,

    /// <summary>Its links break.</summary>
    Cut,

    /// <summary>Its links carry nothing any more, and nobody is told.</summary>
    Stall,

    /// <summary>It waits for a while, and goes on.</summary>
    Wait,
}

/// <summary>A site that can be struck in the middle of a protocol.</summary>
internal interface IStrikeable
{
    string Name { get; }

    /// <summary>True when a blow killed it, and nothing reaches anybody any more.</summary>
    bool IsStruck { get; }

    /// <summary>The highest generation of the volume that the site knows; 0 when it is not asked.</summary>
    long KnownGeneration(string volumeId);

    /// <summary>Whether this object, a volume or the site's state, is at work here.</summary>
    bool Owns(object at);

    /// <summary>Null when nothing is to happen there.</summary>
    Blow? Meet(string moment);

    /// <summary>Carries the blow out; nothing that the site says or writes afterwards reaches anybody.</summary>
    ValueTask TakeAsync(Blow blow);
}

/// <summary>
/// Listens to the named moments of all sites of this test program: counts which were reached, and strikes the site that is due. A
/// site that was killed goes no further: its protocol is cancelled where it stands.
/// </summary>
internal static class Strikes
{
    private static readonly ConcurrentDictionary<IStrikeable, byte> s_sites = [];
    private static readonly ConditionalWeakTable<object, IStrikeable> s_owners = [];

    static Strikes()
    {
        FailPoint.Listener = ReachAsync;
    }

    /// <summary>How often each moment was reached.</summary>
    public static ConcurrentDictionary<string, long> Reached { get; } = new(StringComparer.Ordinal);

    /// <summary>How often a site was killed, lost its power or its links at each moment.</summary>
    public static ConcurrentDictionary<string, long> Struck { get; } = new(StringComparer.Ordinal);

    public static void Add(IStrikeable site) => s_sites[site] = 0;

    public static void Remove(IStrikeable site) => s_sites.TryRemove(site, out _);

    /// <summary>The site where it is at work; null when no test of strikes made it.</summary>
    public static IStrikeable? OwnerOf(object at)
    {
        if (s_owners.TryGetValue(at, out var known))
        {
            return known;
        }

        var owner = s_sites.Keys.FirstOrDefault(s => s.Owns(at));
        if (owner is not null)
        {
            s_owners.AddOrUpdate(at, owner);
        }

        return owner;
    }

    private static async ValueTask ReachAsync(string moment, object at)
    {
        if (OwnerOf(at) is not { } site)
        {
            return;
        }

        Reached.AddOrUpdate(moment, 1, static (_, n) => n + 1);
        if (site.Meet(moment) is not { } blow)
        {
            return;
        }

        Struck.AddOrUpdate(moment, 1, static (_, n) => n + 1);
        await site.TakeAsync(blow);
        if (blow is Blow.Kill or Blow.PowerLoss)
        {
            throw new OperationCanceledException($"{site.Name} died at {moment}");
        }
    }
}
