using System.Collections.Concurrent;
using Skerry.Blocks.Encryption;
using Skerry.Blocks.Log;
using Skerry.Blocks.Maps;

namespace Skerry.Blocks.Integrity;

/// <summary>
/// Puts back what rotted: the very same bytes, at the very same place. Nothing but the content that was lost fits its checksum (and its
/// seal, when it is encrypted), so a copy that is behind, ahead or lying can do no harm, and all maps that share the place are healed at once.
/// </summary>
internal sealed class Healing(SegmentTable segments, BlockReader reader, StoreFault fault, TimeProvider time) : IDisposable
{
    private const int MostAtOnce = 256, MostRemembered = 10_000;

    /// <summary>A place that no copy could give is not asked for again meanwhile: a client that reads it over and over must not flood the copies.</summary>
    private static readonly TimeSpan AskAgainAfter = TimeSpan.FromSeconds(20);
    private readonly SemaphoreSlim _one = new(1, 1);
    private readonly ConcurrentDictionary<Place, long> _inVain = new();
    private volatile IBlockHealer? _healer;

    /// <summary>Null while there is nobody to ask.</summary>
    public IBlockHealer? Healer
    {
        get => _healer;
        set => _healer = value;
    }

    /// <summary>A read met a bad block: heals what is bad in its range, and reads once more.</summary>
    public async ValueTask ReadAgainAsync(
        VolumeState volume, Snapshot? snapshot, string name, long offsetBytes, Memory<byte> into, CancellationToken cancellationToken)
    {
        var first = offsetBytes / Sizes.Block;
        var count = Sizes.BlocksFor(offsetBytes + into.Length) - first;
        await HealAsync(volume, snapshot, Blocks(first, count), cancellationToken);
        reader.Read(snapshot?.Map ?? volume.Map, volume.Cipher, name, offsetBytes, into.Span);
    }

    /// <returns>How many of the blocks were bad and are sound now.</returns>
    public async ValueTask<int> HealAsync(VolumeState volume, Snapshot? snapshot, IEnumerable<long> blocks, CancellationToken cancellationToken)
    {
        if (Healer is not { } healer)
        {
            return 0;
        }

        await _one.WaitAsync(cancellationToken);
        try
        {
            var healed = 0;
            foreach (var some in blocks.Chunk(MostAtOnce))
            {
                var lost = some.Where(block => IsBad(volume, snapshot, block)).Select(block => Look(volume, snapshot, block)).OfType<Lost>().ToList();
                healed += lost.Count > 0 ? await HealAsync(healer, volume, snapshot, lost, cancellationToken) : 0;
            }

            return healed;
        }
        finally
        {
            _one.Release();
        }
    }

    /// <summary>What is recorded of a place; null when its file is gone.</summary>
    public uint? SumOf(Place place) => segments.TryReadSum(place, out var crc, out _) ? crc : null;

    public void Dispose() => _one.Dispose();

    private static IEnumerable<long> Blocks(long first, long count)
    {
        for (var i = 0L; i < count; i++)
        {
            yield return first + i;
        }
    }

    private async ValueTask<int> HealAsync(
        IBlockHealer healer, VolumeState volume, Snapshot? snapshot, List<Lost> lost, CancellationToken cancellationToken)
    {
        var found = await healer.FetchAsync(
            volume.Id, [.. lost.Select(block => new LostBlock(block.Block * Sizes.Block, volume.Cipher is null ? block.Crc : null))], cancellationToken);
        var healed = 0;
        for (var i = 0; i < lost.Count; i++)
        {
            if (found[i] is { Length: Sizes.Block } content && Stored(volume.Cipher, lost[i], content) is { } stored
                && PutBack(lost[i].Place, stored) && !IsBad(volume, snapshot, lost[i].Block))
            {
                healed++;
                continue;
            }

            if (_inVain.Count >= MostRemembered)
            {
                _inVain.Clear();
            }

            _inVain[lost[i].Place] = time.GetTimestamp();
        }

        IntegrityMetrics.Healed.Add(healed);
        return healed;
    }

    private bool IsBad(VolumeState volume, Snapshot? snapshot, long block)
    {
        try
        {
            reader.ReadBlocks(snapshot?.Map ?? volume.Map, volume.Cipher, volume.Id, block, new byte[Sizes.Block]);
            return false;
        }
        catch (BlockException e) when (e.Damage is not null)
        {
            return true;
        }
    }

    /// <summary>Where the block is, and what it must be. Null when it is no data, or was asked for in vain a moment ago.</summary>
    private Lost? Look(VolumeState volume, Snapshot? snapshot, long block)
    {
        Span<MapEntry> entry = stackalloc MapEntry[1];
        (snapshot?.Map ?? volume.Map).Read(block, entry);
        var place = entry[0].Place;
        if (!place.IsData || (_inVain.TryGetValue(place, out var asked) && time.GetElapsedTime(asked) < AskAgainAfter))
        {
            return null;
        }

        return segments.TryReadSum(place, out var crc, out var seal) ? new Lost(block, place, crc, seal) : null;
    }

    /// <summary>The bytes as they have to stand in the file; null when this is not what was lost.</summary>
    private static byte[]? Stored(VolumeCipher? cipher, Lost lost, byte[] content)
    {
        var bytes = content;
        if (cipher is not null)
        {
            bytes = new byte[Sizes.Block];
            if (!cipher.TryEncryptAgain(lost.Block, content, bytes, lost.Seal))
            {
                return null;
            }
        }

        return Crc32C.Of(bytes) == lost.Crc ? bytes : null;
    }

    private bool PutBack(Place place, byte[] bytes)
    {
        try
        {
            return segments.PutBack(place, bytes);
        }
        catch (BackingSyncException e)
        {
            // The log may have unsynced writes in the same file, and their failure has now been told to this sync alone.
            fault.Set("make a healed block durable", e);
            return false;
        }
        catch (IOException)
        {
            // The disk does not take the block; it stays bad, and a read says so.
            return false;
        }
    }

    private sealed record Lost(long Block, Place Place, uint Crc, byte[] Seal);
}
