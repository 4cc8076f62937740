using Skerry.Blocks.Maps;

namespace Skerry.Blocks.Log;

/// <summary>Reads maps as version 1 kept them: whole, within the checkpoint, with the checksums of their blocks.</summary>
/// <param name="reader">Where from.</param>
/// <param name="crc">Takes the checksums.</param>
internal sealed class NodeReaderV1(BinaryReader reader, Action<Place, uint> crc)
{
    private const byte None = 0, Zeroes = 1, Leaf = 2, Inner = 3, Again = 4;
    private readonly List<MapNode> _read = [];

    public FrozenMap ReadMap()
    {
        var dataBlocks = reader.ReadInt64();
        return FrozenMap.Of(new BlockMap((InnerNode)Read()!, dataBlocks));
    }

    private MapNode? Read()
    {
        var tag = reader.ReadByte();
        switch (tag)
        {
            case None:
                return null;
            case Zeroes:
                var place = new Place(reader.ReadUInt64());
                return new ExtentNode(place, reader.ReadInt64());
            case Again:
                return _read[reader.ReadInt32()];
            case Leaf:
                var leaf = ReadLeaf();
                _read.Add(leaf);
                return leaf;
            case Inner:
                var (max, level) = (reader.ReadInt64(), reader.ReadByte());
                var inner = new InnerNode(null, level) { MaxNumber = max };
                for (var i = 0; i < MapNode.Fanout; i++)
                {
                    inner[i] = Read();
                }

                _read.Add(inner);
                return inner;
            default:
                throw new BlockException(BlockError.Corrupt, $"the checkpoint holds a node of kind {tag}, which this version does not know; use a newer one");
        }
    }

    private MapNode ReadLeaf()
    {
        // Its highest number, which the runs tell too.
        reader.ReadInt64();
        var runs = RunList.Of(null, new LeafRun[RunList.Most]);
        for (var i = 0; i < MapNode.Fanout; i++)
        {
            var (place, number, sum) = (new Place(reader.ReadUInt64()), reader.ReadInt64(), reader.ReadUInt32());
            runs.Write(i, 1, place, number);
            if (place.IsData)
            {
                crc(place, sum);
            }
        }

        return runs.ToNode(null);
    }
}
