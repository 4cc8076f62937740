using System.Security.Cryptography;
using System.Text.Json;
using Skerry.Blocks;
using Skerry.Domain;
using Skerry.Movers.Native.Wire;

namespace Skerry.Movers.Native;

/// <summary>Ships the blocks of one catch-up: ranges of a snapshot, all of them or only those that differ.</summary>
/// <remarks>
/// Digests go out ahead of their answers, a bounded number of frames, so that a long link is kept busy; blocks follow in the order
/// of the disk, so that one offset says what is done. Frames are read and packed here while the pipe sends those before.
/// </remarks>
internal sealed class CatchUpSender(
    FramePipe pipe, ReplicaPeer peer, BlockVolume volume, LeavingBlocks blocks, TransferMeter meter, NativeMoverOptions options, TimeProvider time)
    : IDisposable
{
    private const int FramesAhead = 4;

    private readonly TransferDigest _digest = new(peer.Can(Features.SumDigest));
    private readonly Zstd? _zstd = options.Packing != Packing.Never && peer.Can(Features.Zstd) ? new Zstd() : null;
    private readonly PackingChoice _packing = new();
    private readonly PackingPace? _pace = options.Packing == Packing.WhenQuicker ? new(time) : null;
    private readonly bool _takesExtents = peer.Can(Features.Extents);
    private FrameBuilder? _extents;
    private int _extentBytes;
    private long _passedAt;

    /// <summary>Ships every range from the offset on; the digest of everything that was shipped.</summary>
    public async ValueTask<string> ShipAsync(IReadOnlyList<ByteRange> ranges, long fromBytes, CancellationToken cancellationToken)
    {
        foreach (var piece in BlockRanges.Pieces(BlockRanges.From(ranges, fromBytes), options.ChunkBytes))
        {
            await ShipPieceAsync(piece, cancellationToken);
            meter.Handled(piece.LengthBytes);
            await PassAsync(piece.EndBytes, cancellationToken);
        }

        return await EndAsync(cancellationToken);
    }

    /// <summary>Compares every range from the offset on and ships the blocks that differ; the digest of everything that was shipped.</summary>
    public async ValueTask<string> CompareAsync(IReadOnlyList<ByteRange> ranges, long fromBytes, CancellationToken cancellationToken)
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

        return await EndAsync(cancellationToken);
    }

    public void Dispose()
    {
        _extents?.Dispose();
        _digest.Dispose();
        _zstd?.Dispose();
    }

    private async ValueTask<string> EndAsync(CancellationToken cancellationToken)
    {
        await ShipExtentsAsync(cancellationToken);
        await pipe.DrainAsync();
        return _digest.Take();
    }

    private async ValueTask SendDigestsAsync(IReadOnlyList<ByteRange> batch, CancellationToken cancellationToken)
    {
        var digests = new byte[batch.Sum(DigestsFrame.BlockCount) * SHA256.HashSizeInBytes];
        var content = new byte[IBlockDevice.BlockSize];
        var at = 0;
        foreach (var block in DigestsFrame.Blocks(batch))
        {
            var bytes = content.AsMemory(0, (int)block.LengthBytes);
            await blocks.ReadAsync(block.OffsetBytes, bytes, cancellationToken);
            at += SHA256.HashData(bytes.Span, digests.AsSpan(at));
        }

        await pipe.AddAsync(DigestsFrame.Build(batch, digests), 0, MoverSteps.DigestsSent, cancellationToken);
    }

    private async ValueTask FinishAsync(IReadOnlyList<ByteRange> batch, CancellationToken cancellationToken)
    {
        var bitmap = await peer.Replies.DiffersAsync(cancellationToken);
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
        }
        else if (_takesExtents)
        {
            await AddExtentAsync(piece, cancellationToken);
        }
        else
        {
            await ShipBlocksAsync(piece, cancellationToken);
        }
    }

    private async ValueTask ShipBlocksAsync(ByteRange piece, CancellationToken cancellationToken)
    {
        var frame = new FrameBuilder(FrameKind.Blocks, 12 + (int)piece.LengthBytes);
        try
        {
            frame.Int32(0).Int64(piece.OffsetBytes);
            var content = frame.Take((int)piece.LengthBytes);
            await blocks.ReadAsync(piece.OffsetBytes, content, cancellationToken);
            if (content.Span.ContainsAnyExcept((byte)0))
            {
                (var whole, frame) = (frame, null);
                await SealAndSendAsync(FrameKind.Blocks, whole, piece.LengthBytes, cancellationToken);
                return;
            }
        }
        finally
        {
            frame?.Dispose();
        }

        await ShipHoleAsync(piece, cancellationToken);
    }

    /// <summary>Small pieces share a frame, up to the size of a large one.</summary>
    private async ValueTask AddExtentAsync(ByteRange piece, CancellationToken cancellationToken)
    {
        if (_extentBytes + piece.LengthBytes > options.ChunkBytes)
        {
            await ShipExtentsAsync(cancellationToken);
        }

        var frame = _extents ??= ExtentsFrame.Begin(options.ChunkBytes);
        var before = frame.LengthBytes;
        var content = ExtentsFrame.Add(frame, piece.OffsetBytes, (int)piece.LengthBytes);
        await blocks.ReadAsync(piece.OffsetBytes, content, cancellationToken);
        if (content.Span.ContainsAnyExcept((byte)0))
        {
            _extentBytes += (int)piece.LengthBytes;
            return;
        }

        frame.Trim(before);
        await ShipHoleAsync(piece, cancellationToken);
    }

    private async ValueTask ShipExtentsAsync(CancellationToken cancellationToken)
    {
        var (frame, bytes) = (_extents, _extentBytes);
        (_extents, _extentBytes) = (null, 0);
        if (frame is null)
        {
            return;
        }

        if (bytes == 0)
        {
            frame.Dispose();
            return;
        }

        await SealAndSendAsync(FrameKind.Extents, frame, bytes, cancellationToken);
    }

    private async ValueTask SealAndSendAsync(FrameKind kind, FrameBuilder frame, long movedBytes, CancellationToken cancellationToken)
    {
        frame.SealChecksum(1);
        _digest.Add(kind, frame.Written.Span[1..]);
        if (_zstd is { } zstd && _pace?.Packs != false && _packing.IsWorthTrying)
        {
            var packed = PackedFrame.TryBuild(zstd, kind, frame.Written.Span[1..], options.CompressionLevel);
            _packing.Tried(packed is not null);
            if (packed is not null)
            {
                frame.Dispose();
                frame = packed;
            }
        }

        await pipe.AddAsync(frame, movedBytes, MoverSteps.BlocksSent, cancellationToken);
        _pace?.Shipped(movedBytes);
    }

    private async ValueTask ShipHoleAsync(ByteRange hole, CancellationToken cancellationToken)
    {
        await ShipExtentsAsync(cancellationToken);
        var frame = new FrameBuilder(FrameKind.Hole);
        frame.Int32(0).Int64(hole.OffsetBytes).Int64(hole.LengthBytes);
        frame.SealChecksum(1);
        _digest.Add(FrameKind.Hole, frame.Written.Span[1..]);
        await pipe.AddAsync(frame, 0, MoverSteps.HoleSent, cancellationToken);
        meter.Zeroed(hole.LengthBytes);
    }

    private async ValueTask PassAsync(long endBytes, CancellationToken cancellationToken)
    {
        if (meter.DoneBytes - _passedAt < options.CursorBytes)
        {
            return;
        }

        _passedAt = meter.DoneBytes;
        await ShipExtentsAsync(cancellationToken);
        var frame = new FrameBuilder(FrameKind.Passed);
        frame.Bytes(JsonSerializer.SerializeToUtf8Bytes(
            new PassedMessage(endBytes, meter.DoneBytes, meter.TotalBytes), MoverJson.Default.PassedMessage));
        await pipe.AddAsync(frame, 0, MoverSteps.PassedSent, cancellationToken);
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
