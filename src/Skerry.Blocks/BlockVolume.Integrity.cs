using Skerry.Blocks.Integrity;
using Skerry.Blocks.Log;
using Skerry.Blocks.Maps;

namespace Skerry.Blocks;

/// <content>What another copy of the volume may ask for.</content>
public sealed partial class BlockVolume
{
    /// <summary>
    /// The content of a block that another copy has lost, from the head or from the first snapshot that has it; null when none does. Where no
    /// checksum is given it is the head's. What is bad here is not healed for it, so that copies never ask each other in turn.
    /// </summary>
    public byte[]? FindBlock(LostBlock lost)
    {
        RequireThere();
        if (_state.Locked || lost.OffsetBytes < 0 || lost.OffsetBytes % Sizes.Block != 0)
        {
            return null;
        }

        foreach (var map in _state.Snapshots.Select(snapshot => snapshot.Map).Prepend(_state.Map))
        {
            if (TryRead(map, lost.OffsetBytes / Sizes.Block, lost.Crc) is { } content)
            {
                return content;
            }
        }

        return null;
    }

    private byte[]? TryRead(BlockMap map, long block, uint? crc)
    {
        Span<MapEntry> entry = stackalloc MapEntry[1];
        map.Read(block, entry);

        // The stored checksum is of what is stored, which is the content only where nothing is encrypted.
        if (!entry[0].Place.IsData || (crc is not null && _state.Cipher is null && _parts.Healing.SumOf(entry[0].Place) != crc))
        {
            return null;
        }

        var content = new byte[Sizes.Block];
        try
        {
            _parts.Reader.ReadBlocks(map, _state.Cipher, _name, block, content);
        }
        catch (BlockException e) when (e.Damage is not null)
        {
            return null;
        }

        return crc is null || Crc32C.Of(content) == crc ? content : null;
    }
}
