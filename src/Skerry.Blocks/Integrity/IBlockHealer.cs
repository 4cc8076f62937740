namespace Skerry.Blocks.Integrity;

/// <summary>Asks other copies of a volume for blocks that went bad here. The store judges by itself whether an answer is what was lost.</summary>
public interface IBlockHealer
{
    /// <summary>
    /// Whole blocks of 4096 bytes in the order asked, null where no copy that could be reached has it. Called rarely, from any thread; must
    /// bound its time and does not throw but for cancellation.
    /// </summary>
    /// <param name="volumeId">The volume.</param>
    /// <param name="blocks">What is lost; at most 256 at once.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    ValueTask<IReadOnlyList<byte[]?>> FetchAsync(string volumeId, IReadOnlyList<LostBlock> blocks, CancellationToken cancellationToken);
}

/// <summary>A block that is looked for.</summary>
/// <param name="OffsetBytes">Where in the disk it begins; a multiple of 4096.</param>
/// <param name="Crc">CRC-32C of the content; null when only the volume's own key can tell, which is so for encrypted volumes.</param>
public readonly record struct LostBlock(long OffsetBytes, uint? Crc);
