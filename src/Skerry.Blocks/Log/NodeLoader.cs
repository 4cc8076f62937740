using Skerry.Blocks.Maps;

namespace Skerry.Blocks.Log;

/// <summary>
/// Reads maps back, with nodes shared as they were. What a damaged node knew is lost, and only that: its blocks are an error to read
/// until they are written anew, and count as changed since ever.
/// </summary>
internal sealed class NodeLoader : IDisposable
{
    private readonly MapFileReader _reader;
    private readonly MapFilesMark _mark;
    private readonly Dictionary<ulong, SharedNode> _loaded = [];
    private readonly Func<ulong, int, long, MapNode> _loadChild;

    public NodeLoader(IBackingStorage storage, ulong storeId, MapFilesMark mark)
    {
        _reader = new MapFileReader(storage);
        _mark = mark;
        _loadChild = LoadChild;
        var names = storage.List().ToHashSet();
        for (var file = mark.First; file <= mark.Current; file++)
        {
            if (!names.Contains(MapFile.NameOf(file)))
            {
                throw new BlockException(
                    BlockError.Corrupt, $"{storage.Name}/{MapFile.NameOf(file)} is missing. Restore that file from a copy, or the volumes from their replicas");
            }

            MapFile.RequireOwn(_reader.Read(file, 0, MapFile.HeaderBytes), storeId, file, storage.Name);
        }
    }

    /// <summary>How many nodes were damaged.</summary>
    public int Damaged { get; private set; }

    /// <param name="address">Of the root.</param>
    /// <param name="dataBlocks">As the map counted them.</param>
    /// <param name="blocks">Of the disk, for when the root itself is damaged.</param>
    /// <param name="highNumber">Above all write numbers in the map.</param>
    public FrozenMap Load(ulong address, long dataBlocks, long blocks, long highNumber)
    {
        if (Load(address) is InnerNode root)
        {
            return FrozenMap.Of(new BlockMap(root, dataBlocks));
        }

        Damaged++;
        var level = 1;
        while (blocks > 1L << (MapNode.FanoutBits * (level + 1)))
        {
            level++;
        }

        var lost = new InnerNode(null, level) { MaxNumber = highNumber };
        lost.Fill(new ExtentNode(Place.Lost, highNumber));
        return FrozenMap.Of(new BlockMap(lost, 0));
    }

    public void Dispose() => _reader.Dispose();

    private MapNode LoadChild(ulong address, int level, long highNumber)
    {
        var node = Load(address);
        if (node is InnerNode inner ? inner.Level == level : node is not null && level == 0)
        {
            return node!;
        }

        Damaged++;
        return new ExtentNode(Place.Lost, highNumber);
    }

    private SharedNode? Load(ulong address)
    {
        if (_loaded.TryGetValue(address, out var node))
        {
            return node;
        }

        var (file, offset) = (MapFile.FileOf(address), MapFile.OffsetOf(address));
        if (file < _mark.First || file > _mark.Current)
        {
            return null;
        }

        var length = NodeCodec.LengthOf(_reader.Read(file, offset, NodeCodec.HeaderBytes), address);
        node = length == 0 ? null : NodeCodec.Read(_reader.Read(file, offset, length), address, _loadChild);
        if (node is not null)
        {
            _loaded.Add(address, node);
        }

        return node;
    }
}
