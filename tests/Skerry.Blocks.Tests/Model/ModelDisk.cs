using System.Collections.Immutable;

namespace Skerry.Blocks.Tests.Model;

/// <summary>What a disk holds: blocks that are never changed in place, so that a state can be kept for the price of its list.</summary>
internal sealed class ModelDisk
{
    private static readonly byte[] Zero = new byte[4096];

    public ImmutableArray<byte[]> Blocks { get; private init; } = [];

    public static ModelDisk Empty { get; } = new();

    public byte[] Block(int index) => index < Blocks.Length ? Blocks[index] : Zero;

    public ModelDisk Write(long offset, ReadOnlySpan<byte> data)
    {
        var blocks = Blocks.ToBuilder();
        while (blocks.Count * 4096L < offset + data.Length)
        {
            blocks.Add(Zero);
        }

        for (var done = 0; done < data.Length;)
        {
            var index = (int)((offset + done) / 4096);
            var inBlock = (int)((offset + done) % 4096);
            var count = Math.Min(4096 - inBlock, data.Length - done);
            var block = (byte[])blocks[index].Clone();
            data.Slice(done, count).CopyTo(block.AsSpan(inBlock));
            blocks[index] = block;
            done += count;
        }

        return new ModelDisk { Blocks = blocks.ToImmutable() };
    }

    public byte[] Read(long offset, int length)
    {
        var bytes = new byte[length];
        for (var i = 0; i < length;)
        {
            var inBlock = (int)((offset + i) % 4096);
            var count = Math.Min(4096 - inBlock, length - i);
            Block((int)((offset + i) / 4096)).AsSpan(inBlock, count).CopyTo(bytes.AsSpan(i));
            i += count;
        }

        return bytes;
    }

    public bool SameBlock(ModelDisk other, int index) =>
        ReferenceEquals(Block(index), other.Block(index)) || Block(index).AsSpan().SequenceEqual(other.Block(index));
}
