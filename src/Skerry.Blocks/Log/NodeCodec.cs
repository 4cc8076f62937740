using System.Runtime.InteropServices;
using Skerry.Blocks.Maps;

namespace Skerry.Blocks.Log;

/// <summary>What stands before a node of a map in a checkpoint. A node that maps share is written once and then named by its number.</summary>
internal enum NodeTag : byte
{
    None = 0,
    Uniform = 1,
    Leaf = 2,
    Inner = 3,
    Again = 4,
}

/// <summary>Writes frozen maps, and marks the places that they use.</summary>
internal sealed class NodeWriter(BinaryWriter writer, LivePlaces live)
{
    private readonly Dictionary<MapNode, int> _written = new(ReferenceEqualityComparer.Instance);

    public void WriteMap(BlockMap map)
    {
        writer.Write(map.DataBlocks);
        Write(map.Root);
    }

    private void Write(MapNode? node)
    {
        if (node is null)
        {
            writer.Write((byte)NodeTag.None);
            return;
        }

        if (node is ExtentNode { Place.IsData: false } uniform)
        {
            writer.Write((byte)NodeTag.Uniform);
            writer.Write(uniform.Place.Value);
            writer.Write(uniform.MaxNumber);
            return;
        }

        if (_written.TryGetValue(node, out var number))
        {
            writer.Write((byte)NodeTag.Again);
            writer.Write(number);
            return;
        }

        if (node is not InnerNode inner)
        {
            writer.Write((byte)NodeTag.Leaf);
            writer.Write(node.MaxNumber);
            var runs = RunList.Of(node, new LeafRun[RunList.Most]).Runs;
            for (var i = 0; i < runs.Length; i++)
            {
                var end = i + 1 < runs.Length ? runs[i + 1].First : MapNode.Fanout;
                for (var block = runs[i].First; block < end; block++)
                {
                    var entry = runs[i].At(block);
                    writer.Write(entry.Place.Value);
                    writer.Write(entry.Number);
                    live.Add(entry.Place);
                }
            }
        }
        else
        {
            writer.Write((byte)NodeTag.Inner);
            writer.Write(inner.MaxNumber);
            writer.Write((byte)inner.Level);
            for (var i = 0; i < MapNode.Fanout; i++)
            {
                Write(inner[i]);
            }
        }

        _written.Add(node, _written.Count);
    }
}

/// <summary>Reads maps back, with nodes shared as they were.</summary>
/// <param name="reader">Where from.</param>
/// <param name="crc">Takes the checksums that maps held in version 1; null for later ones, which hold none.</param>
internal sealed class NodeReader(BinaryReader reader, Action<Place, uint>? crc)
{
    private readonly List<MapNode> _read = [];

    public BlockMap ReadMap()
    {
        var dataBlocks = reader.ReadInt64();
        return new BlockMap((InnerNode)Read()!, dataBlocks);
    }

    private MapNode? Read()
    {
        var tag = (NodeTag)reader.ReadByte();
        switch (tag)
        {
            case NodeTag.None:
                return null;
            case NodeTag.Uniform:
                var place = new Place(reader.ReadUInt64());
                return new ExtentNode(place, reader.ReadInt64());
            case NodeTag.Again:
                return _read[reader.ReadInt32()];
            case NodeTag.Leaf:
                reader.ReadInt64();
                var runs = RunList.Of(null, new LeafRun[RunList.Most]);
                for (var i = 0; i < MapNode.Fanout; i++)
                {
                    var at = new Place(reader.ReadUInt64());
                    runs.Write(i, 1, at, reader.ReadInt64());
                    if (crc is not null)
                    {
                        var sum = reader.ReadUInt32();
                        if (at.IsData)
                        {
                            crc(at, sum);
                        }
                    }
                }

                var leaf = runs.ToNode(null);
                _read.Add(leaf);
                return leaf;
            case NodeTag.Inner:
                var (max, level) = (reader.ReadInt64(), reader.ReadByte());
                var inner = new InnerNode(null, level) { MaxNumber = max };
                for (var i = 0; i < MapNode.Fanout; i++)
                {
                    inner[i] = Read();
                }

                _read.Add(inner);
                return inner;
            default:
                throw new BlockException(BlockError.Corrupt, $"the checkpoint holds a node of kind {(byte)tag}, which this version does not know; use a newer one");
        }
    }
}

/// <summary>Which blocks of each segment some map uses.</summary>
internal sealed class LivePlaces(int segmentBlocks)
{
    private readonly Dictionary<long, ulong[]> _segments = [];

    public void Add(Place place)
    {
        if (place.IsData)
        {
            ref var bits = ref CollectionsMarshal.GetValueRefOrAddDefault(_segments, place.Segment, out _);
            bits ??= new ulong[(segmentBlocks + 63) / 64];
            bits[place.Block >> 6] |= 1UL << (place.Block & 63);
        }
    }

    public bool IsEmpty(long segment) => !_segments.ContainsKey(segment);

    public bool Contains(long segment, int block) => _segments.TryGetValue(segment, out var bits) && (bits[block >> 6] & (1UL << (block & 63))) != 0;
}
