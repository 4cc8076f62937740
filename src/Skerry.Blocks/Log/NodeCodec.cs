using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Skerry.Blocks.Maps;

namespace Skerry.Blocks.Log;

/// <summary>The bytes of a map node, as docs/formats/volume.md has them.</summary>
internal static class NodeCodec
{
    public const int HeaderBytes = 16;
    public const int MostBytes = 8192;
    private const int CrcBytes = 4, LeafFixed = 64, InnerFixed = 32;
    private const byte Leaf = 1, Inner = 2;

    private enum Child : byte
    {
        None = 0,
        Extent = 1,
        Pair = 2,
        Node = 3,
    }

    public static void Write(PackedLeaf leaf, NodeAppender appender)
    {
        var (starts, scale) = (leaf.Starts, leaf.Scale);
        var words = leaf.Words[..(starts.Count * scale.Words)];
        var bytes = appender.Add(LeafFixed + (words.Length * sizeof(ulong)), out var address);
        bytes[..LeafFixed].Clear();
        (bytes[16], bytes[17], bytes[18]) = (Leaf, scale.Shift, scale.Words);
        BinaryPrimitives.WriteInt64LittleEndian(bytes[24..], leaf.MaxNumber);
        BinaryPrimitives.WriteInt64LittleEndian(bytes[32..], scale.BaseSegment);
        BinaryPrimitives.WriteInt64LittleEndian(bytes[40..], scale.BaseNumber);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[48..], starts.Low);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[56..], starts.High);
        MemoryMarshal.AsBytes(words).CopyTo(bytes[LeafFixed..]);
        leaf.Address = Seal(bytes, address);
    }

    /// <summary>Its children have their addresses.</summary>
    public static void Write(InnerNode inner, NodeAppender appender)
    {
        Span<byte> staged = stackalloc byte[MostBytes];
        var at = InnerFixed;
        staged[..at].Clear();
        (staged[16], staged[17]) = (Inner, (byte)inner.Level);
        BinaryPrimitives.WriteInt64LittleEndian(staged[24..], inner.MaxNumber);
        for (var i = 0; i < MapNode.Fanout;)
        {
            var child = inner[i];
            var times = 1;
            while (i + times < MapNode.Fanout && ReferenceEquals(inner[i + times], child))
            {
                times++;
            }

            staged[at + 1] = (byte)times;
            var (tag, fields) = Write(child, staged[(at + 2)..]);
            staged[at] = (byte)tag;
            at += 2 + fields;
            i += times;
        }

        var length = (at + MapFile.Alignment - 1) / MapFile.Alignment * MapFile.Alignment;
        staged[at..length].Clear();
        var bytes = appender.Add(length, out var address);
        staged[..length].CopyTo(bytes);
        inner.Address = Seal(bytes, address);
    }

    /// <summary>How long the node is that begins with these bytes, or 0 when no node does.</summary>
    public static int LengthOf(ReadOnlySpan<byte> header, ulong address)
    {
        var length = BinaryPrimitives.ReadUInt32LittleEndian(header[4..]);
        return length is >= InnerFixed and <= MostBytes && BinaryPrimitives.ReadUInt64LittleEndian(header[8..]) == address ? (int)length : 0;
    }

    /// <summary>The node, or null when it is not what was written.</summary>
    /// <param name="bytes">As many as <see cref="LengthOf"/> tells.</param>
    /// <param name="load">Gives a child by its address, the level that it must have (0: a leaf), and the parent's highest number.</param>
    public static SharedNode? Read(ReadOnlySpan<byte> bytes, ulong address, Func<ulong, int, long, MapNode> load)
    {
        if (BinaryPrimitives.ReadUInt32LittleEndian(bytes) != Crc32C.Of(bytes[CrcBytes..]))
        {
            return null;
        }

        SharedNode? node = bytes[16] switch
        {
            Leaf => ReadLeaf(bytes),
            Inner => ReadInner(bytes, load),
            _ => throw new BlockException(BlockError.Corrupt, $"a map holds a node of kind {bytes[16]}, which this version does not know; use a newer one"),
        };
        node.Address = address;
        return node;
    }

    private static (Child Tag, int Bytes) Write(MapNode? child, Span<byte> into)
    {
        switch (child)
        {
            case null:
                return (Child.None, 0);
            case ExtentNode extent:
                BinaryPrimitives.WriteUInt64LittleEndian(into, extent.Place.Value);
                BinaryPrimitives.WriteInt64LittleEndian(into[8..], extent.MaxNumber);
                return (Child.Extent, 16);
            case PairNode pair:
                into[0] = (byte)pair.Split;
                BinaryPrimitives.WriteUInt64LittleEndian(into[1..], pair.First.Place.Value);
                BinaryPrimitives.WriteInt64LittleEndian(into[9..], pair.First.Number);
                BinaryPrimitives.WriteUInt64LittleEndian(into[17..], pair.Second.Place.Value);
                BinaryPrimitives.WriteInt64LittleEndian(into[25..], pair.Second.Number);
                return (Child.Pair, 33);
            default:
                BinaryPrimitives.WriteUInt64LittleEndian(into, ((SharedNode)child).Address);
                return (Child.Node, 8);
        }
    }

    private static ulong Seal(Span<byte> bytes, ulong address)
    {
        BinaryPrimitives.WriteInt32LittleEndian(bytes[4..], bytes.Length);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[8..], address);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, Crc32C.Of(bytes[CrcBytes..]));
        return address;
    }

    private static PackedLeaf ReadLeaf(ReadOnlySpan<byte> bytes)
    {
        var scale = new LeafScale(
            BinaryPrimitives.ReadInt64LittleEndian(bytes[32..]), BinaryPrimitives.ReadInt64LittleEndian(bytes[40..]), bytes[17], bytes[18]);
        var starts = new RunStarts(BinaryPrimitives.ReadUInt64LittleEndian(bytes[48..]), BinaryPrimitives.ReadUInt64LittleEndian(bytes[56..]));
        return PackedLeaf.Loaded(
            scale, starts, MemoryMarshal.Cast<byte, ulong>(bytes[LeafFixed..]), BinaryPrimitives.ReadInt64LittleEndian(bytes[24..]));
    }

    private static InnerNode ReadInner(ReadOnlySpan<byte> bytes, Func<ulong, int, long, MapNode> load)
    {
        var inner = new InnerNode(null, bytes[17]) { MaxNumber = BinaryPrimitives.ReadInt64LittleEndian(bytes[24..]) };
        bytes = bytes[InnerFixed..];
        for (var i = 0; i < MapNode.Fanout;)
        {
            var (tag, times) = ((Child)bytes[0], bytes[1]);
            bytes = bytes[2..];
            MapNode? child = null;
            switch (tag)
            {
                case Child.None:
                    break;
                case Child.Extent:
                    child = new ExtentNode(new Place(BinaryPrimitives.ReadUInt64LittleEndian(bytes)), BinaryPrimitives.ReadInt64LittleEndian(bytes[8..]));
                    bytes = bytes[16..];
                    break;
                case Child.Pair:
                    child = PairNode.TryMake(
                        new LeafRun(0, new Place(BinaryPrimitives.ReadUInt64LittleEndian(bytes[1..])), BinaryPrimitives.ReadInt64LittleEndian(bytes[9..])),
                        new LeafRun(bytes[0], new Place(BinaryPrimitives.ReadUInt64LittleEndian(bytes[17..])), BinaryPrimitives.ReadInt64LittleEndian(bytes[25..])));
                    bytes = bytes[33..];
                    break;
                case Child.Node:
                    child = load(BinaryPrimitives.ReadUInt64LittleEndian(bytes), inner.Level - 1, inner.MaxNumber);
                    bytes = bytes[8..];
                    break;
                default:
                    throw new BlockException(BlockError.Corrupt, $"a map holds a child of kind {(byte)tag}, which this version does not know; use a newer one");
            }

            for (; times > 0; times--)
            {
                inner[i++] = child;
            }
        }

        return inner;
    }
}
