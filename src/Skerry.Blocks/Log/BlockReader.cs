using System.Buffers;
using Skerry.Blocks.Encryption;
using Skerry.Blocks.Integrity;
using Skerry.Blocks.Maps;

namespace Skerry.Blocks.Log;

/// <summary>
/// Reads blocks through a map and proves each one's checksum. Takes no lock: a place that the sweeper gave back meanwhile shows in the
/// reclaim epoch, and then the read starts over with the map as it is now.
/// </summary>
internal sealed class BlockReader(SegmentTable segments)
{
    private const int EntriesAtOnce = 64;

    /// <param name="map">Where the blocks are.</param>
    /// <param name="cipher">The disk's, when it is encrypted.</param>
    /// <param name="name">What to call the disk in messages.</param>
    /// <param name="offsetBytes">Where to begin.</param>
    /// <param name="into">What to fill.</param>
    public void Read(BlockMap map, VolumeCipher? cipher, string name, long offsetBytes, Span<byte> into)
    {
        while (into.Length > 0)
        {
            var inBlock = (int)(offsetBytes % Sizes.Block);
            int count;
            if (inBlock != 0 || into.Length < Sizes.Block)
            {
                count = Math.Min(into.Length, Sizes.Block - inBlock);
                ReadPart(map, cipher, name, offsetBytes / Sizes.Block, inBlock, into[..count]);
            }
            else
            {
                count = Math.Min(into.Length / Sizes.Block, EntriesAtOnce) * Sizes.Block;
                ReadBlocks(map, cipher, name, offsetBytes / Sizes.Block, into[..count]);
            }

            offsetBytes += count;
            into = into[count..];
        }
    }

    public void ReadBlocks(BlockMap map, VolumeCipher? cipher, string name, long firstBlock, Span<byte> into)
    {
        Span<MapEntry> entries = stackalloc MapEntry[into.Length / Sizes.Block];
        while (true)
        {
            var epoch = segments.ReclaimEpoch;
            map.Read(firstBlock, entries);
            Exception? fault = null;
            try
            {
                ReadEntries(entries, cipher, name, firstBlock, into);
            }
            catch (Exception e) when (e is BlockException or ObjectDisposedException or IOException)
            {
                fault = e;
            }

            if (segments.ReclaimEpoch != epoch)
            {
                continue;
            }

            if (fault is not null)
            {
                throw fault as BlockException ?? new BlockException(
                    BlockError.Io, $"{name}: bytes {firstBlock * Sizes.Block} to {(firstBlock + entries.Length) * Sizes.Block} could not be read: {fault.Message}", fault)
                {
                    Damage = new BlockDamage(firstBlock * Sizes.Block, (long)entries.Length * Sizes.Block, null, 0),
                };
            }

            return;
        }
    }

    private void ReadPart(BlockMap map, VolumeCipher? cipher, string name, long block, int from, Span<byte> into)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(Sizes.Block);
        try
        {
            ReadBlocks(map, cipher, name, block, buffer.AsSpan(0, Sizes.Block));
            buffer.AsSpan(from, into.Length).CopyTo(into);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private void ReadEntries(ReadOnlySpan<MapEntry> entries, VolumeCipher? cipher, string name, long firstBlock, Span<byte> into)
    {
        Span<uint> sums = stackalloc uint[entries.Length];
        for (var i = 0; i < entries.Length;)
        {
            var place = entries[i].Place;
            var count = 1;
            if (place == Place.Lost)
            {
                var at = (firstBlock + i) * Sizes.Block;
                throw new BlockException(
                    BlockError.Corrupt,
                    $"{name}: bytes {at} to {at + Sizes.Block} cannot be found: the part of the map that knew their place is damaged. Write them anew, or heal them from a replica")
                {
                    Damage = new BlockDamage(at, Sizes.Block, null, 0),
                };
            }

            if (!place.IsData)
            {
                into.Slice(i * Sizes.Block, Sizes.Block).Clear();
                i++;
                continue;
            }

            while (i + count < entries.Length && entries[i + count].Place == place.Next(count))
            {
                count++;
            }

            var placed = segments.Places.Find(place.Segment);
            var stored = placed?.Find(place.Block) ?? -1;
            if (stored < 0 || placed!.File is not { } segment)
            {
                throw Missing(placed, place, name, firstBlock + i);
            }

            count = placed.RunFrom(place.Block, stored, count);
            var bytes = into.Slice(i * Sizes.Block, count * Sizes.Block);
            segment.File.Read((long)stored * Sizes.Block, bytes);
            segment.Sums.Read(stored, sums[..count]);
            for (var k = 0; k < count; k++)
            {
                if (Crc32C.Of(bytes.Slice(k * Sizes.Block, Sizes.Block)) != sums[k])
                {
                    bytes.Clear();
                    var at = (firstBlock + i + k) * Sizes.Block;
                    throw new BlockException(
                        BlockError.Corrupt,
                        $"{name}: bytes {at} to {at + Sizes.Block} do not match their checksum ({segment.Name}, byte {(long)(stored + k) * Sizes.Block}). Write them anew, or heal them from a replica")
                    {
                        Damage = new BlockDamage(at, Sizes.Block, segment.Name, (long)(stored + k) * Sizes.Block),
                    };
                }
            }

            if (cipher is not null)
            {
                Decrypt(cipher, segment, stored, name, firstBlock + i, bytes);
            }

            i += count;
        }
    }

    private static BlockException Missing(PlacedSegment? placed, Place place, string name, long block)
    {
        var file = placed?.FileName ?? Segment.NameOf(place.Segment);
        return new BlockException(
            BlockError.Corrupt, $"{name}: bytes {block * Sizes.Block} to {(block + 1) * Sizes.Block} are stored in {file}, which is missing. Heal them from a replica")
        {
            Damage = new BlockDamage(block * Sizes.Block, Sizes.Block, file, (long)place.Block * Sizes.Block),
        };
    }

    private static void Decrypt(VolumeCipher cipher, Segment segment, int place, string name, long firstBlock, Span<byte> bytes)
    {
        Span<byte> seals = stackalloc byte[bytes.Length / Sizes.Block * Seal.Bytes];
        segment.Sums.ReadSeals(place, seals);
        for (var k = 0; k < bytes.Length / Sizes.Block; k++)
        {
            if (!cipher.TryDecrypt(firstBlock + k, bytes.Slice(k * Sizes.Block, Sizes.Block), seals.Slice(k * Seal.Bytes, Seal.Bytes)))
            {
                var at = (firstBlock + k) * Sizes.Block;
                throw new BlockException(
                    BlockError.Corrupt,
                    $"{name}: bytes {at} to {at + Sizes.Block} are not what was encrypted there with key {cipher.Key.Id} ({segment.Name}, byte {(long)(place + k) * Sizes.Block}). Write them anew, or heal them from a replica")
                {
                    Damage = new BlockDamage(at, Sizes.Block, segment.Name, (long)(place + k) * Sizes.Block),
                };
            }
        }
    }
}
