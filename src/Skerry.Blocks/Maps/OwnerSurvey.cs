using System.Runtime.InteropServices;

namespace Skerry.Blocks.Maps;

/// <summary>
/// Finds who alone uses a block. Each place takes the join of those that use it: nobody, one map, several maps of one volume, several
/// volumes. A node that maps share takes it as well, and is looked into again only when that changes: at most three times.
/// </summary>
/// <param name="segmentBlocks">Blocks of a segment.</param>
/// <param name="volumeOf">For each map, by its number from 0, the number of its volume from 0.</param>
internal sealed class OwnerSurvey(int segmentBlocks, IReadOnlyList<int> volumeOf)
{
    private const int Nobody = 0, Several = int.MaxValue;
    private readonly MapEntry[] _entries = new MapEntry[MapNode.Fanout];
    private readonly Dictionary<long, int[]> _places = [];
    private readonly Dictionary<MapNode, int> _nodes = new(ReferenceEqualityComparer.Instance);

    /// <summary>Adds a map that nobody changes meanwhile.</summary>
    public void Add(FrozenMap map, int number) => Walk(map.Root, number + 1);

    /// <summary>Blocks that only one map uses, by its number; blocks of one volume alone, by its number; and blocks in use at all.</summary>
    public (long[] ByMap, long[] ByVolume, long All) Count()
    {
        var byMap = new long[volumeOf.Count];
        var byVolume = new long[volumeOf.Count == 0 ? 0 : volumeOf.Max() + 1];
        var all = 0L;
        foreach (var user in _places.Values.SelectMany(users => users).Where(user => user != Nobody))
        {
            all++;
            if (user != Several)
            {
                byVolume[VolumeOf(user)]++;
                if (user <= volumeOf.Count)
                {
                    byMap[user - 1]++;
                }
            }
        }

        return (byMap, byVolume, all);
    }

    private void Walk(InnerNode node, int user)
    {
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
            ref var users = ref CollectionsMarshal.GetValueRefOrAddDefault(_places, place.Segment, out _);
            users ??= new int[segmentBlocks];
            for (var block = place.Block; block < place.Block + count; block++)
            {
                Joins(ref users[block], user);
            }
        }
    }

    /// <summary>True when it changed.</summary>
    private bool Joins(ref int users, int user)
    {
        var joined = users == Nobody || users == user ? user
            : users == Several || VolumeOf(users) != VolumeOf(user) ? Several
            : volumeOf.Count + 1 + VolumeOf(user);
        if (joined == users)
        {
            return false;
        }

        users = joined;
        return true;
    }

    private int VolumeOf(int user) => user <= volumeOf.Count ? volumeOf[user - 1] : user - volumeOf.Count - 1;
}
