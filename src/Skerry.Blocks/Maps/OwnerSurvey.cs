using System.Runtime.InteropServices;
using Skerry.Blocks.Log;

namespace Skerry.Blocks.Maps;

/// <summary>
/// Finds who alone uses a block. Each place takes the join of those that use it: nobody, one map, several maps of one volume, several
/// volumes. A node that maps share takes it as well, and is looked into again only when that changes: at most three times.
/// </summary>
/// <remarks>
/// It takes 4 bytes for each place in use and a bit for each place of their segments, however few of those are left: a cleaned store has
/// many segments of which little is in use.
/// </remarks>
internal sealed class OwnerSurvey
{
    private const int Nobody = 0, Several = int.MaxValue;
    private readonly MapEntry[] _entries = new MapEntry[MapNode.Fanout];
    private readonly Dictionary<long, Users> _places = [];
    private readonly Dictionary<MapNode, int> _nodes = new(ReferenceEqualityComparer.Instance);
    private readonly IReadOnlyList<int> _volumeOf;
    private readonly CancellationToken _cancellation;
    private long _lastSegment;
    private Users? _last;

    /// <param name="live">The places that the maps to come use.</param>
    /// <param name="volumeOf">For each map, by its number from 0, the number of its volume from 0.</param>
    /// <param name="cancellationToken">Ends it between two nodes.</param>
    public OwnerSurvey(LivePlaces live, IReadOnlyList<int> volumeOf, CancellationToken cancellationToken)
    {
        (_volumeOf, _cancellation) = (volumeOf, cancellationToken);
        foreach (var segment in live.Segments)
        {
            var blocks = BlockSet.Of(live.BitsOf(segment));
            _places.Add(segment, new Users(blocks, new int[blocks.Count]));
        }
    }

    /// <summary>Adds a map that nobody changes meanwhile.</summary>
    public void Add(FrozenMap map, int number) => Walk(map.Root, number + 1);

    /// <summary>Blocks that only one map uses, by its number; blocks of one volume alone, by its number; and blocks in use at all.</summary>
    public (long[] ByMap, long[] ByVolume, long All) Count()
    {
        var byMap = new long[_volumeOf.Count];
        var byVolume = new long[_volumeOf.Count == 0 ? 0 : _volumeOf.Max() + 1];
        var all = 0L;
        foreach (var user in _places.Values.SelectMany(users => users.OfBlocks).Where(user => user != Nobody))
        {
            all++;
            if (user != Several)
            {
                byVolume[VolumeOf(user)]++;
                if (user <= _volumeOf.Count)
                {
                    byMap[user - 1]++;
                }
            }
        }

        return (byMap, byVolume, all);
    }

    private void Walk(InnerNode node, int user)
    {
        _cancellation.ThrowIfCancellationRequested();
        if (!Joins(ref CollectionsMarshal.GetValueRefOrAddDefault(_nodes, node, out _), user))
        {
            return;
        }

        for (var i = 0; i < MapNode.Fanout; i++)
        {
            switch (node[i])
            {
                case PackedLeaf leaf when Joins(ref CollectionsMarshal.GetValueRefOrAddDefault(_nodes, leaf, out _), user):
                    leaf.Read(0, _entries);
                    foreach (var entry in _entries)
                    {
                        Add(entry.Place, 1, user);
                    }

                    break;
                case ExtentNode extent:
                    Add(extent.Place, MapNode.Fanout, user);
                    break;
                case PairNode pair:
                    Add(pair.First.Place, pair.Split, user);
                    Add(pair.Second.Place, MapNode.Fanout - pair.Split, user);
                    break;
                case InnerNode inner:
                    Walk(inner, user);
                    break;
            }
        }
    }

    private void Add(Place place, int count, int user)
    {
        if (place.IsData)
        {
            if (place.Segment != _lastSegment)
            {
                (_lastSegment, _last) = (place.Segment, _places[place.Segment]);
            }

            // All of them are in use, so their ranks follow each other too.
            foreach (ref var users in _last!.OfBlocks.AsSpan(_last.Blocks.RankOf(place.Block), count))
            {
                Joins(ref users, user);
            }
        }
    }

    /// <summary>True when it changed.</summary>
    private bool Joins(ref int users, int user)
    {
        var joined = users == Nobody || users == user ? user
            : users == Several || VolumeOf(users) != VolumeOf(user) ? Several
            : _volumeOf.Count + 1 + VolumeOf(user);
        if (joined == users)
        {
            return false;
        }

        users = joined;
        return true;
    }

    private int VolumeOf(int user) => user <= _volumeOf.Count ? _volumeOf[user - 1] : user - _volumeOf.Count - 1;

    /// <param name="Blocks">The blocks of a segment that are in use.</param>
    /// <param name="OfBlocks">For each of them, in order, who uses it.</param>
    private sealed record Users(BlockSet Blocks, int[] OfBlocks);
}
