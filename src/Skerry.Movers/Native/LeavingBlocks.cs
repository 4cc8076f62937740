using Skerry.Blocks;
using Skerry.Blocks.Encryption;

namespace Skerry.Movers.Native;

/// <summary>
/// What a snapshot's blocks look like on their way to the replica: as they are, or where its site is to hold ciphertext only, encrypted
/// before anything else is done with them, so that digests, comparisons and frames are of what is kept there.
/// </summary>
internal sealed class LeavingBlocks(IBlockDevice snapshot, OutsideCipher? cipher)
{
    public async ValueTask ReadAsync(long offsetBytes, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        await snapshot.ReadOrZeroesAsync(offsetBytes, buffer, cancellationToken);
        cipher?.Encrypt(offsetBytes, buffer.Span);
    }
}
