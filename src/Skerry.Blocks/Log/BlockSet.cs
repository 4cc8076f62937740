using System.Numerics;

namespace Skerry.Blocks.Log;

/// <summary>Some blocks of a segment, each with its rank among them. Never changed.</summary>
internal sealed class BlockSet
{
    private const int WordBits = 64;

    // One of the two forms: bits with the rank at the start of each word, or, where there are few, the blocks in order.
    private readonly ulong[]? _bits;
    private readonly int[] _ranksOrBlocks;

    private BlockSet(ulong[]? bits, int[] ranksOrBlocks, int count) => (_bits, _ranksOrBlocks, Count) = (bits, ranksOrBlocks, count);

    public int Count { get; }

    public static BlockSet Of(ReadOnlySpan<ulong> bits)
    {
        var count = CountOf(bits);
        if (count < bits.Length)
        {
            var blocks = new int[count];
            var next = 0;
            for (var i = 0; i < bits.Length; i++)
            {
                for (var word = bits[i]; word != 0; word &= word - 1)
                {
                    blocks[next++] = (i * WordBits) + BitOperations.TrailingZeroCount(word);
                }
            }

            return new BlockSet(null, blocks, count);
        }

        var ranks = new int[bits.Length];
        for (var (i, rank) = (0, 0); i < bits.Length; i++)
        {
            ranks[i] = rank;
            rank += BitOperations.PopCount(bits[i]);
        }

        return new BlockSet(bits.ToArray(), ranks, count);
    }

    public static int CountOf(ReadOnlySpan<ulong> bits)
    {
        var count = 0;
        foreach (var word in bits)
        {
            count += BitOperations.PopCount(word);
        }

        return count;
    }

    /// <summary>How many of the set come before this block; -1 when it is not one of them.</summary>
    public int RankOf(int block)
    {
        if (_bits is null)
        {
            var found = Array.BinarySearch(_ranksOrBlocks, block);
            return found < 0 ? -1 : found;
        }

        var word = block / WordBits;
        if (word >= _bits.Length)
        {
            return -1;
        }

        var bit = 1UL << (block % WordBits);
        return (_bits[word] & bit) == 0 ? -1 : _ranksOrBlocks[word] + BitOperations.PopCount(_bits[word] & (bit - 1));
    }

    /// <summary>The first block of the set from this one on; -1 after the last.</summary>
    public int Next(int block)
    {
        if (_bits is null)
        {
            var found = Array.BinarySearch(_ranksOrBlocks, block);
            found = found < 0 ? ~found : found;
            return found < _ranksOrBlocks.Length ? _ranksOrBlocks[found] : -1;
        }

        for (var word = block / WordBits; word < _bits.Length; word++)
        {
            var rest = word == block / WordBits ? _bits[word] & (ulong.MaxValue << (block % WordBits)) : _bits[word];
            if (rest != 0)
            {
                return (word * WordBits) + BitOperations.TrailingZeroCount(rest);
            }
        }

        return -1;
    }

    /// <summary>How many of the blocks of the set are in the bits, too.</summary>
    public int CountIn(ReadOnlySpan<ulong> bits)
    {
        var count = 0;
        if (_bits is not null)
        {
            for (var i = 0; i < Math.Min(bits.Length, _bits.Length); i++)
            {
                count += BitOperations.PopCount(bits[i] & _bits[i]);
            }

            return count;
        }

        foreach (var block in _ranksOrBlocks)
        {
            count += block / WordBits < bits.Length && (bits[block / WordBits] & (1UL << (block % WordBits))) != 0 ? 1 : 0;
        }

        return count;
    }

    public void Write(BinaryWriter writer)
    {
        writer.Write(_bits is not null);
        writer.Write(_bits?.Length ?? _ranksOrBlocks.Length);
        foreach (var word in _bits ?? [])
        {
            writer.Write(word);
        }

        foreach (var block in _bits is null ? _ranksOrBlocks : [])
        {
            writer.Write(block);
        }
    }

    public static BlockSet Read(BinaryReader reader)
    {
        var asBits = reader.ReadBoolean();
        var length = reader.ReadInt32();
        if (asBits)
        {
            var bits = new ulong[length];
            for (var i = 0; i < length; i++)
            {
                bits[i] = reader.ReadUInt64();
            }

            return Of(bits);
        }

        var blocks = new int[length];
        for (var i = 0; i < length; i++)
        {
            blocks[i] = reader.ReadInt32();
        }

        return new BlockSet(null, blocks, length);
    }
}
