using System.Buffers;
using System.Security.Cryptography;
using Skerry.Blocks;
using Skerry.Domain;
using Skerry.Domain.Groups;
using Skerry.Domain.Replication;
using Skerry.Movers.Native.Wire;

namespace Skerry.Movers.Native;

/// <summary>The replica's end of one link: takes frames in order and puts them into effect on the copy.</summary>
/// <remarks>
/// One task handles frames; a second one, the pulse, makes applied writes durable, says so, and asks again whether the source is
/// still admitted. The source may rely on an acknowledgement: a number that is called durable survives a loss of power here.
/// </remarks>
internal sealed class ReplicaSession(
    FrameChannel channel, IncomingFrames incoming, ReplicaSlot slot, ReplicaCopy copy, HelloMessage hello, Func<AdmissionVerdict> judge,
    IReplicaAdmission admission, NativeMoverOptions options, TimeProvider time)
{
    private static readonly TimeSpan SavePointEvery = TimeSpan.FromSeconds(5);

    /// <summary>At least so long between two acknowledgements, so that many small frames do not cost one each.</summary>
    private static readonly TimeSpan AcknowledgeEvery = TimeSpan.FromMilliseconds(5);

    private readonly SemaphoreSlim _flushing = new(1, 1);
    private readonly Zstd? _zstd = Zstd.IsThere ? new Zstd() : null;
    private FlushAnswers? _flushes;
    private MarkMessage? _mark;
    private BeginCatchUpMessage? _catchUp;
    private bool _mayResync;
    private long _acknowledgedAt;

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        await FailPoint.ReachAsync(MoverSteps.HelloHeard, copy.Volume);
        await SendStateAsync(ended.Token, isFirst: true);
        _flushes = new FlushAnswers(SettleDurableAsync, token => AcknowledgeAsync(copy.DurableNumber, token));
        var (pulse, watch) = (PulseAsync(ended), channel.WatchAsync(options.DeadAfter, ended));
        var answering = _flushes.RunAsync(ended, e => slot.Trouble = Refusal.State(e.Message));
        try
        {
            while (await incoming.NextAsync(ended.Token) is { } owned)
            {
                using var taken = owned;
                var frame = owned.Frame;
                slot.LastHeard = new ReplicaSlot.Heard(
                    time.GetUtcNow(), slot.LastHeard?.PrimaryNumber ?? 0, slot.LastHeard?.OwedBytes);
                await HandleAsync(frame, ended.Token);
            }
        }
        finally
        {
            await ended.CancelAsync();
            await Task.WhenAll(pulse, watch, answering);
            _zstd?.Dispose();
        }
    }

    private async ValueTask HandleAsync(Frame frame, CancellationToken cancellationToken)
    {
        switch (frame.Kind)
        {
            case FrameKind.Writes:
                var (run, writes) = WritesFrame.Read(frame);
                await copy.ApplyAsync(run, writes, cancellationToken);
                await FailPoint.ReachAsync(MoverSteps.WritesApplied, copy.Volume);
                await AcknowledgeAsync(cancellationToken);
                break;
            case FrameKind.Mark:
                Volatile.Write(ref _mark, frame.Json(MoverJson.Default.MarkMessage));
                slot.Trouble = null;
                await FailPoint.ReachAsync(MoverSteps.MarkHeard, copy.Volume);
                break;
            case FrameKind.Heartbeat:
                var beat = frame.Json(MoverJson.Default.HeartbeatMessage);
                slot.LastHeard = new ReplicaSlot.Heard(time.GetUtcNow(), beat.PrimaryNumber, beat.OwedBytes);
                break;
            case FrameKind.Ask:
                await FailPoint.ReachAsync(MoverSteps.AskHeard, copy.Volume);
                await SettleDurableAsync(cancellationToken);
                await SendStateAsync(cancellationToken);
                break;
            case FrameKind.FlushAsk:
                await FailPoint.ReachAsync(MoverSteps.FlushAskHeard, copy.Volume);
                _flushes!.Ask();
                break;
            case FrameKind.LeaseAsk:
                await GrantAsync(frame.Json(MoverJson.Default.LeaseAskMessage), cancellationToken);
                break;
            case FrameKind.LeaseRelease:
                await ReplicaLease.ForgetAsync(copy.Volume, cancellationToken);
                await FailPoint.ReachAsync(MoverSteps.LeaseForgotten, copy.Volume);
                using (var released = new FrameBuilder(FrameKind.LeaseReleased))
                {
                    await channel.SendAsync(released, cancellationToken);
                }

                await FailPoint.ReachAsync(MoverSteps.LeaseReleasedSent, copy.Volume);

                break;
            case FrameKind.Extend:
                await copy.GrowAsync(frame.Json(MoverJson.Default.ExtendMessage).SizeBytes, cancellationToken);
                await FailPoint.ReachAsync(MoverSteps.Extended, copy.Volume);
                break;
            case FrameKind.MakeSnapshot:
                var made = frame.Json(MoverJson.Default.MakeSnapshotMessage);
                await copy.MakeSnapshotAsync(made.Id, made.Lineage.ToLineage(), cancellationToken);
                break;
            case FrameKind.GroupMark:
                await KeepCutAsync(frame.Json(MoverJson.Default.GroupMarkMessage), cancellationToken);
                break;
            case FrameKind.BeginCatchUp:
                await BeginAsync(frame.Json(MoverJson.Default.BeginCatchUpMessage), cancellationToken);
                break;
            case FrameKind.Blocks:
                await copy.PutBlocksAsync(frame, cancellationToken);
                await FailPoint.ReachAsync(MoverSteps.BlocksPut, copy.Volume);
                break;
            case FrameKind.Extents:
                await copy.PutExtentsAsync(frame, cancellationToken);
                await FailPoint.ReachAsync(MoverSteps.BlocksPut, copy.Volume);
                break;
            case FrameKind.Packed when _zstd is not null:
                await UnpackAsync(_zstd, frame, cancellationToken);
                break;
            case FrameKind.Hole:
                await copy.PutHoleAsync(frame, cancellationToken);
                await FailPoint.ReachAsync(MoverSteps.HolePut, copy.Volume);
                break;
            case FrameKind.Digests:
                await CompareAsync(frame, cancellationToken);
                await FailPoint.ReachAsync(MoverSteps.DigestsCompared, copy.Volume);
                break;
            case FrameKind.Passed:
                await copy.BeginSaveOffsetAsync(frame.Json(MoverJson.Default.PassedMessage).OffsetBytes);
                break;
            case FrameKind.EndCatchUp:
                await EndAsync(frame.Json(MoverJson.Default.EndCatchUpMessage), cancellationToken);
                break;
            default:
                throw new MoverProtocolException($"The source sent a frame of kind {(byte)frame.Kind}, which is unknown here.");
        }
    }

    private async ValueTask UnpackAsync(Zstd zstd, Frame packed, CancellationToken cancellationToken)
    {
        var (frame, buffer) = PackedFrame.Unpack(zstd, packed);
        try
        {
            await HandleAsync(frame, cancellationToken);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>The copy stands at the cut's last write: that state is kept, durably, and then the source is told.</summary>
    private async ValueTask KeepCutAsync(GroupMarkMessage mark, CancellationToken cancellationToken)
    {
        if (Cut.Parse(mark.CutId) is not { } cut)
        {
            throw new MoverProtocolException($"The source names a cut '{mark.CutId}', which is no name of one.");
        }

        await copy.KeepMarkAsync(cut, mark.Number, cancellationToken);
        await FailPoint.ReachAsync(GroupSteps.MarkKept, copy.Volume);
        await channel.SendAsync(
            FrameKind.GroupMarkKept, new GroupMarkKeptMessage(mark.CutId, mark.Number), MoverJson.Default.GroupMarkKeptMessage, cancellationToken);
        await FailPoint.ReachAsync(GroupSteps.MarkTold, copy.Volume);
    }

    private async ValueTask BeginAsync(BeginCatchUpMessage begin, CancellationToken cancellationToken)
    {
        var source = begin.CatchUp.Lineage.ToLineage();
        var whole = copy.Whole;
        var common = copy.IsWhole ? Lineage.CommonNumber(source, whole) : 0;
        var isDiverged = copy.IsWhole && whole.LastNumber > common;
        if (common != begin.CatchUp.From || (isDiverged && !begin.CatchUp.Compare))
        {
            throw new MoverProtocolException(
                $"The source wants to go on from number {begin.CatchUp.From}, but this copy is at {whole} and shares number {common}.");
        }

        if (common < 0 && judge().AdoptFrom is null)
        {
            throw new ReplicaRefusedException(new RefusedMessage(
                $"The copy of volume {hello.VolumeId} here shares no history with the source's, and nobody said that it is to be taken over.",
                "Delete the replication, and make it anew with adopt.", IsTemporary: false, hello.Generation, RefusalCodes.Adopt));
        }

        if (begin.ContentBytes is { } content && slot.Space?.Invoke() is { } space && content > space.FreeBytes)
        {
            throw new ReplicaRefusedException(new RefusedMessage(
                $"{content} bytes of volume {hello.VolumeId} are to come, and backend {slot.Backend} here has room for {space.FreeBytes}.",
                "Make room there, or have the replica moved to a larger backend with retarget.", IsTemporary: true, hello.Generation,
                RefusalCodes.Space));
        }

        if (isDiverged && WroteApart(whole, common))
        {
            if (!_mayResync)
            {
                throw new ReplicaRefusedException(new RefusedMessage(
                    $"This copy of volume {hello.VolumeId} has writes of its own after number {common}, and its replication waits for a person.",
                    "Look at what diverged, then ask for a resync of the volume.", IsTemporary: true, judge().Generation));
            }

            var generation = whole.Runs[^1].Generation;
            var id = Ids.Derived("diverged", $"{hello.VolumeId}/{whole.Runs[^1].RunId:x16}/{whole.LastNumber}");
            await copy.KeepAsync(id, cancellationToken);
            await FailPoint.ReachAsync(MoverSteps.DivergedKept, copy.Volume);
            await admission.KeepDivergedAsync(
                hello.VolumeId, id, $"diverged-{generation}", copy.Volume.SizeBytes, whole.ToString(), cancellationToken);
            await FailPoint.ReachAsync(MoverSteps.DivergedTold, copy.Volume);
        }

        var offset = await copy.BeginCatchUpAsync(begin.CatchUp, begin.SizeBytes, Features.Has(hello.Features, Features.SumDigest), cancellationToken);
        _catchUp = begin;
        slot.Trouble = null;
        if (begin.CatchUp.Compare)
        {
            await SendChangesAsync(copy.OwnChanges(source), cancellationToken);
            await FailPoint.ReachAsync(MoverSteps.ChangedSent, copy.Volume);
        }

        await channel.SendAsync(FrameKind.Ready, new ReadyMessage(offset), MoverJson.Default.ReadyMessage, cancellationToken);
        await FailPoint.ReachAsync(MoverSteps.ReadySent, copy.Volume);
    }

    /// <summary>True when this site wrote after the fork as a primary; a replica that was merely ahead of its primary did not.</summary>
    private bool WroteApart(Lineage whole, long common) =>
        whole.Runs.Where((run, i) => (i + 1 < whole.Runs.Count ? whole.Runs[i + 1].FirstNumber - 1 : whole.LastNumber) > common)
            .Any(run => admission.WasPrimaryHere(hello.VolumeId, run.Generation));

    private async ValueTask SendChangesAsync(IReadOnlyList<ChangedRange> changes, CancellationToken cancellationToken)
    {
        const int RangesInFrame = 32_768;
        for (var at = 0; at < changes.Count; at += RangesInFrame)
        {
            var count = Math.Min(RangesInFrame, changes.Count - at);
            using var frame = new FrameBuilder(FrameKind.Changed, 4 + (count * 16));
            frame.Int32(0);
            for (var i = at; i < at + count; i++)
            {
                frame.Int64(changes[i].OffsetBytes).Int64(changes[i].LengthBytes);
            }

            frame.SealChecksum(1);
            await channel.SendAsync(frame, cancellationToken);
        }
    }

    private async ValueTask CompareAsync(Frame frame, CancellationToken cancellationToken)
    {
        var (ranges, digests) = DigestsFrame.Read(frame);
        var bitmap = new byte[(digests.Length / SHA256.HashSizeInBytes + 7) / 8];
        var buffer = new byte[IBlockDevice.BlockSize];
        var index = 0;
        foreach (var block in DigestsFrame.Blocks(ranges))
        {
            var content = buffer.AsMemory(0, (int)block.LengthBytes);
            if (!await TryReadAsync(block.OffsetBytes, content, cancellationToken)
                || !IsSame(content.Span, digests.Span.Slice(index * SHA256.HashSizeInBytes, SHA256.HashSizeInBytes)))
            {
                bitmap[index / 8] |= (byte)(1 << (index % 8));
            }

            index++;
        }

        using var reply = new FrameBuilder(FrameKind.Differs, bitmap.Length);
        reply.Bytes(bitmap);
        await channel.SendAsync(reply, cancellationToken);
    }

    /// <summary>False for a block that rotted and that no other copy has: whatever it was, the source's takes its place.</summary>
    private async ValueTask<bool> TryReadAsync(long offsetBytes, Memory<byte> content, CancellationToken cancellationToken)
    {
        try
        {
            await copy.Volume.ReadOrZeroesAsync(offsetBytes, content, cancellationToken);
            return true;
        }
        catch (BlockException e) when (e.Damage is not null)
        {
            return false;
        }
    }

    private static bool IsSame(ReadOnlySpan<byte> content, ReadOnlySpan<byte> digest)
    {
        Span<byte> own = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(content, own);
        return own.SequenceEqual(digest);
    }

    private async ValueTask EndAsync(EndCatchUpMessage end, CancellationToken cancellationToken)
    {
        await copy.EndCatchUpAsync(end, cancellationToken);
        slot.LastTransfer = new TransferStatus(
            _catchUp?.Kind ?? "catch-up", end.TotalBytes, end.TotalBytes, end.ComparedBytes, end.MovedBytes, end.EqualBytes, 0, null,
            end.StartedAt, time.GetUtcNow(), end.ZeroedBytes)
        {
            WireBytes = end.WireBytes,
        };
        _catchUp = null;
        await SendStateAsync(cancellationToken);
    }

    private async ValueTask SendStateAsync(CancellationToken cancellationToken, bool isFirst = false)
    {
        _mayResync = judge().MayResync;
        var state = copy.State() with { At = time.GetUtcNow() };
        if (isFirst && hello.Features is { } theirs)
        {
            state = state with { Features = options.Features };
            if (theirs.Contains(TravellingSnapshots.Feature) && Features.Has(options.Features, TravellingSnapshots.Feature))
            {
                state = state with { Snapshots = [.. copy.Volume.Snapshots.Select(s => s.Id).Where(TravellingSnapshots.Travels)] };
            }
        }

        await channel.SendAsync(FrameKind.State, state, MoverJson.Default.StateMessage, cancellationToken);
        await FailPoint.ReachAsync(MoverSteps.StateSent, copy.Volume);
    }

    private async ValueTask AcknowledgeAsync(long durable, CancellationToken cancellationToken)
    {
        await channel.SendAsync(
            FrameKind.Ack, new AckMessage(copy.Volume.Lineage.LastNumber, durable) { At = time.GetUtcNow() }, MoverJson.Default.AckMessage,
            cancellationToken);
        await FailPoint.ReachAsync(MoverSteps.AckSent, copy.Volume);
    }

    /// <summary>Only to the primary that this site knows of: one that was passed over must run out.</summary>
    private async ValueTask GrantAsync(LeaseAskMessage ask, CancellationToken cancellationToken)
    {
        await FailPoint.ReachAsync(MoverSteps.LeaseAskHeard, copy.Volume);
        if (judge().Refusal is null)
        {
            var grant = await slot.Lease.GrantAsync(copy.Volume, hello, ask, cancellationToken);
            await channel.SendAsync(FrameKind.LeaseGrant, grant, MoverJson.Default.LeaseGrantMessage, cancellationToken);
            await FailPoint.ReachAsync(MoverSteps.LeaseGrantSent, copy.Volume);
        }
    }

    private async ValueTask SettleDurableAsync(CancellationToken cancellationToken)
    {
        await _flushing.WaitAsync(cancellationToken);
        try
        {
            var mark = Volatile.Read(ref _mark);
            if (copy.CatchUp is null && copy.Volume.DurableNumber < copy.Volume.Lineage.LastNumber)
            {
                await copy.FlushAsync(cancellationToken);
                await FailPoint.ReachAsync(MoverSteps.Flushed, copy.Volume);
            }

            if (mark is not null && copy.CatchUp is null && mark.Number <= copy.DurableNumber)
            {
                copy.Note(mark.Number, mark.TakenAt, mark.TakenAtThere);
            }
        }
        finally
        {
            _flushing.Release();
        }
    }

    /// <summary>Says what was applied, as soon as it is: it is no longer the source's lag. What is durable is the pulse's to find out.</summary>
    private async ValueTask AcknowledgeAsync(CancellationToken cancellationToken)
    {
        if (time.GetElapsedTime(_acknowledgedAt) >= AcknowledgeEvery)
        {
            _acknowledgedAt = time.GetTimestamp();
            await channel.SendAsync(
                FrameKind.Ack, new AckMessage(copy.Volume.Lineage.LastNumber, copy.DurableNumber), MoverJson.Default.AckMessage, cancellationToken);
            await FailPoint.ReachAsync(MoverSteps.AckSent, copy.Volume);
        }
    }

    private async Task PulseAsync(CancellationTokenSource ended)
    {
        using var timer = new PeriodicTimer(options.FlushInterval, time);
        var (lastAck, lastSaved, lastDurable) = (time.GetTimestamp(), time.GetTimestamp(), -1L);
        try
        {
            while (await timer.WaitForNextTickAsync(ended.Token))
            {
                if (judge() is { Refusal: { } refusal } verdict)
                {
                    await channel.SendAsync(
                        FrameKind.Refused,
                        new RefusedMessage(refusal.Message, refusal.NextStep, verdict.IsTemporary, verdict.Generation),
                        MoverJson.Default.RefusedMessage,
                        ended.Token);
                    break;
                }

                await SettleDurableAsync(ended.Token);
                var durable = copy.DurableNumber;
                if (durable != lastDurable || time.GetElapsedTime(lastAck) >= options.HeartbeatInterval)
                {
                    (lastAck, lastDurable) = (time.GetTimestamp(), durable);
                    await AcknowledgeAsync(durable, ended.Token);
                }

                if (copy.CatchUp is null && time.GetElapsedTime(lastSaved) >= SavePointEvery)
                {
                    lastSaved = time.GetTimestamp();
                    await copy.SaveRecoveryPointAsync(ended.Token);
                }
            }
        }
        catch (OperationCanceledException) when (ended.IsCancellationRequested)
        {
            return;
        }
        catch (Exception e) when (e is System.Net.WebSockets.WebSocketException or IOException or ObjectDisposedException or BlockException)
        {
            if (e is BlockException)
            {
                slot.Trouble = Refusal.State(e.Message);
            }
        }

        await ended.CancelAsync();
    }
}

/// <summary>The replica declines for a reason that the source should tell.</summary>
internal sealed class ReplicaRefusedException(RefusedMessage refused) : Exception(refused.Message)
{
    public RefusedMessage Refused { get; } = refused;
}
