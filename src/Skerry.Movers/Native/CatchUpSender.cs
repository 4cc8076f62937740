using System.Security.Cryptography;
using Skerry.Blocks;
using Skerry.Domain;
using Skerry.Movers.Native.Wire;

namespace Skerry.Movers.Native;

/// <summary>Ships the blocks of one catch-up: ranges of a snapshot, all of them or only those that differ.</summary>
/// <remarks>
/// Digests go out ahead of their answers, a bounded number of frames, so that a long link is kept busy; blocks follow in the order
/// of the disk, so that one offset says what is done.
/// </remarks>
internal sealed class CatchUpSender(
    FrameChannel channel, ReplyInbox replies, BlockVolume volume, IBlockDevice snapshot, TransferMeter meter, NativeMoverOptions options)
    : IDisposable
{
    private const int FramesAhead = 4;

    private readonly IncrementalHash _digest = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private long _passedAt;

    /// <summary>The digest of everything that was shipped.</summary>
    public string Digest => Convert.ToHexStringLower(_digest.GetHashAndReset());

    /// <summary>Ships every range from the offset on.</summary>
    public async ValueTask ShipAsync(IReadOnlyList<ByteRange> ranges, long fromBytes, CancellationToken cancellationToken)
    {
        foreach (var piece in BlockRanges.Pieces(BlockRanges.From(ranges, fromBytes), options.ChunkBytes))
        {
            await ShipPieceAsync(piece, cancellationToken);
            meter.Handled(piece.LengthBytes);
            await PassAsync(piece.EndBytes, cancellationToken);
        }
    }

    /// <summary>Compares every range from the offset on and ships the blocks that differ.</summary>
    public async ValueTask CompareAsync(IReadOnlyList<ByteRange> ranges, long fromBytes, CancellationToken cancellationToken)
    {
        var ahead = new Queue<IReadOnlyList<ByteRange>>();
        foreach (var batch in Batches(BlockRanges.From(ranges, fromBytes)))
        {
            await SendDigestsAsync(batch, cancellationToken);
            ahead.Enqueue(batch);
            if (ahead.Count >= FramesAhead)
            {
                await FinishAsync(ahead.Dequeue(), cancellationToken);
            }
        }

        while (ahead.TryDequeue(out var batch))
        {
            await FinishAsync(batch, cancellationToken);
        }
    }

    public void Dispose() => _digest.Dispose();

    private async ValueTask SendDigestsAsync(IReadOnlyList<ByteRange> batch, CancellationToken cancellationToken)
    {
        var digests = new byte[batch.Sum(DigestsFrame.BlockCount) * SHA256.HashSizeInBytes];
        var content = new byte[IBlockDevice.BlockSize];
        var at = 0;
        foreach (var block in DigestsFrame.Blocks(batch))
        {
            var bytes = content.AsMemory(0, (int)block.LengthBytes);
            await snapshot.ReadOrZeroesAsync(block.OffsetBytes, bytes, cancellationToken);
            at += SHA256.HashData(bytes.Span, digests.AsSpan(at));
        }

        using var frame = DigestsFrame.Build(batch, digests);
        await channel.SendAsync(frame, cancellationToken);
        await FailPoint.ReachAsync(MoverSteps.DigestsSent, volume);
    }

    private async ValueTask FinishAsync(IReadOnlyList<ByteRange> batch, CancellationToken cancellationToken)
    {
        var bitmap = await replies.DiffersAsync(cancellationToken);
        await FailPoint.ReachAsync(MoverSteps.DiffersHeard, volume);
        var differing = new List<ByteRange>();
        long compared = 0;
        var index = 0;
        foreach (var block in DigestsFrame.Blocks(batch))
        {
            if (index / 8 >= bitmap.Length)
            {
                throw new MoverProtocolException("The replica's answer to digests is cut short.");
            }

            if ((bitmap[index / 8] & (1 << (index % 8))) != 0)
            {
                differing.Add(block);
            }

            compared += block.LengthBytes;
            index++;
        }

        foreach (var piece in BlockRanges.Pieces(BlockRanges.Union(differing, []), options.ChunkBytes))
        {
            await ShipPieceAsync(piece, cancellationToken);
        }

        meter.Compared(compared, BlockRanges.TotalBytes(differing));
        meter.Handled(compared);
        await PassAsync(batch[^1].EndBytes, cancellationToken);
    }

    private async ValueTask ShipPieceAsync(ByteRange piece, CancellationToken cancellationToken)
    {
        if (piece.IsHole)
        {
            await ShipHoleAsync(piece, cancellationToken);
            return;
        }

        using var frame = new FrameBuilder(FrameKind.Blocks, 12 + (int)piece.LengthBytes);
        frame.Int32(0).Int64(piece.OffsetBytes);
        var content = frame.Take((int)piece.LengthBytes);
        await snapshot.ReadOrZeroesAsync(piece.OffsetBytes, content, cancellationToken);
        if (!content.Span.ContainsAnyExcept((byte)0))
        {
            await ShipHoleAsync(piece, cancellationToken);
            return;
        }

        frame.SealChecksum(1);
        _digest.AppendData(frame.Written.Span[1..]);
        await channel.SendAsync(frame, cancellationToken);
        meter.Moved(piece.LengthBytes);
        await FailPoint.ReachAsync(MoverSteps.BlocksSent, volume);
        MoverMetrics.Moved.Add(piece.LengthBytes);
    }

    private async ValueTask ShipHoleAsync(ByteRange hole, CancellationToken cancellationToken)
    {
        using var frame = new FrameBuilder(FrameKind.Hole);
        frame.Int32(0).Int64(hole.OffsetBytes).Int64(hole.LengthBytes);
        frame.SealChecksum(1);
        _digest.AppendData(frame.Written.Span[1..]);
        await channel.SendAsync(frame, cancellationToken);
        meter.Zeroed(hole.LengthBytes);
        await FailPoint.ReachAsync(MoverSteps.HoleSent, volume);
    }

    private async ValueTask PassAsync(long endBytes, CancellationToken cancellationToken)
    {
        if (meter.DoneBytes - _passedAt >= options.CursorBytes)
        {
            _passedAt = meter.DoneBytes;
            await channel.SendAsync(
                FrameKind.Passed, new PassedMessage(endBytes, meter.DoneBytes, meter.TotalBytes), MoverJson.Default.PassedMessage,
                cancellationToken);
            await FailPoint.ReachAsync(MoverSteps.PassedSent, volume);
        }
    }

    private static IEnumerable<IReadOnlyList<ByteRange>> Batches(IEnumerable<ByteRange> ranges)
    {
        var (batch, blocks) = (new List<ByteRange>(), 0);
        foreach (var piece in BlockRanges.Pieces(ranges.Select(r => r with { IsHole = false }), DigestsFrame.MaxBlocks * IBlockDevice.BlockSize))
        {
            var count = DigestsFrame.BlockCount(piece);
            if (blocks + count > DigestsFrame.MaxBlocks)
            {
                yield return batch;
                (batch, blocks) = (new List<ByteRange>(), 0);
            }

            batch.Add(piece);
            blocks += count;
        }

        if (batch.Count > 0)
        {
            yield return batch;
        }
    }
}
