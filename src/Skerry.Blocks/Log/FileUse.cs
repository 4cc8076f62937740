using System.Numerics;
using Skerry.Blocks.Maps;

namespace Skerry.Blocks.Log;

/// <summary>What of one file of the store is in use, as a mark found it.</summary>
internal sealed class FileUse(Segment file)
{
    public Segment File { get; } = file;

    /// <summary>The segments whose blocks it holds.</summary>
    public List<PlacedSegment> Holds { get; } = [];

    public int LiveBlocks { get; private set; }

    /// <summary>Blocks that cleaning the file would give back.</summary>
    public int DeadBlocks => AllocatedBlocks - LiveBlocks;

    public int AllocatedBlocks => File.Blocks - File.PunchedCount;

    public void Add(PlacedSegment placed, LivePlaces live)
    {
        Holds.Add(placed);
        LiveBlocks += placed.CountIn(live.BitsOf(placed.Id));
    }

    /// <summary>Blocks of the file in use, a bit for each.</summary>
    public ulong[] LiveBits(LivePlaces live)
    {
        var found = new ulong[(File.Blocks + 63) / 64];
        foreach (var placed in Holds)
        {
            var bits = live.BitsOf(placed.Id);
            for (var i = 0; i < bits.Length; i++)
            {
                for (var word = bits[i]; word != 0; word &= word - 1)
                {
                    if (placed.Find((i * 64) + BitOperations.TrailingZeroCount(word)) is var at and >= 0)
                    {
                        found[at >> 6] |= 1UL << (at & 63);
                    }
                }
            }
        }

        return found;
    }
}
