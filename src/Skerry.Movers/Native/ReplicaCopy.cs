using System.Globalization;
using System.Text.Json;
using Skerry.Blocks;
using Skerry.Domain;
using Skerry.Domain.Groups;
using Skerry.Domain.Replication;
using Skerry.Movers.Native.Wire;

namespace Skerry.Movers.Native;

/// <summary>A local copy of a volume in the role of a replica: what may be done to it, in which order, so that a crash at any point goes on.</summary>
/// <remarks>
/// <para>The invariant: the volume's head is a state that its source's disk has been in, or the snapshot
/// <see cref="RecoverySnapshot"/> is, and then that one counts. What is on disk tells which:</para>
/// <list type="bullet">
/// <item>no recovery snapshot: the head is whole;</item>
/// <item>recovery snapshot and property <see cref="CatchUpProperty"/>: a catch-up is open, blocks below its offset are in place;</item>
/// <item>recovery snapshot alone: a catch-up was being begun or undone, and the head goes back to the snapshot;</item>
/// <item>property alone, or one whose lineage the head has: the catch-up was completed.</item>
/// </list>
/// <para>A step of several changes is not cancelled between them: what is known here would no longer be what the disk holds. Should a
/// change fail, this object is given up, and the next one finds out from the disk (<see cref="OpenAsync"/>).</para>
/// <para>Not safe for concurrent use, save <see cref="FlushAsync"/>; the slot sees to that.</para>
/// </remarks>
internal sealed class ReplicaCopy
{
    public const string RecoverySnapshot = BaseSnapshots.RecoveryPoint;
    private const string CatchUpProperty = "catch-up";
    private const string RecoveryPointProperty = "recovery-point";

    private readonly BlockVolume _volume;
    private CatchUpDocument? _catchUp;
    private TransferDigest? _digest;

    /// <summary>Blocks come in the order of the disk, so that all below this is in place, durable or not.</summary>
    private long _reachedBytes;
    private KnownPoint? _recoveryPoint;

    /// <summary>The cursor that is being saved beside the blocks that come meanwhile.</summary>
    private Task _saving = Task.CompletedTask;

    private ReplicaCopy(BlockVolume volume)
    {
        _volume = volume;
    }

    public BlockVolume Volume => _volume;

    public CatchUpDocument? CatchUp => _catchUp;

    /// <summary>The lineage of the whole state, be it the head or the recovery snapshot.</summary>
    public Lineage Whole => FindSnapshot(RecoverySnapshot)?.Lineage ?? _volume.Lineage;

    /// <summary>False until a first copy is complete: an empty disk is not a state worth promoting.</summary>
    public bool IsWhole => Whole.Runs.Count > 0 || RecoveryPoint is not null;

    /// <summary>The last number of the whole state that is on stable storage.</summary>
    public long DurableNumber => _catchUp is null && IsHeadWhole ? Math.Min(_volume.DurableNumber, _volume.Lineage.LastNumber) : Whole.LastNumber;

    /// <summary>False while the whole state is the recovery snapshot's.</summary>
    public bool IsHeadWhole => FindSnapshot(RecoverySnapshot) is null;

    /// <summary>The newest durable state whose time is known and that the whole state goes back to; null when there is none.</summary>
    public RecoveryPoint? RecoveryPoint =>
        _recoveryPoint is { } known && Contains(Whole, known.RunId, known.Point.Number) ? known.Point : null;

    public StateMessage State() =>
        new(LineageDocument.Of(Whole), _volume.SizeBytes, IsWhole, DurableNumber, _catchUp);

    /// <summary>Takes up the copy as a crash, or an orderly end, left it.</summary>
    public static async ValueTask<ReplicaCopy> OpenAsync(BlockVolume volume, CancellationToken cancellationToken)
    {
        var copy = Look(volume);
        if (!volume.IsReadOnly)
        {
            return copy;
        }

        var hasSnapshot = copy.FindSnapshot(RecoverySnapshot) is not null;
        if (copy._catchUp is { } open && (!hasSnapshot || open.Lineage.ToLineage().Equals(volume.Lineage)))
        {
            await copy.ForgetCatchUpAsync(cancellationToken);
        }
        else if (copy._catchUp is null && hasSnapshot)
        {
            await copy.ReturnToRecoverySnapshotAsync(cancellationToken);
        }

        return copy;
    }

    /// <summary>The copy as it stands on disk, to be described only: what a crash left half done stays so.</summary>
    public static ReplicaCopy Look(BlockVolume volume)
    {
        var copy = new ReplicaCopy(volume);
        copy.LoadProperties();
        return copy;
    }

    /// <summary>
    /// Opens the catch-up, or goes on with it when it is the very same one; then the offset says where. Another one that was left
    /// open is undone first, since its blocks may belong to a history that is not the source's.
    /// </summary>
    public async ValueTask<long> BeginCatchUpAsync(
        CatchUpDocument wanted, long sizeBytes, bool digestIsOfSums, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        await CursorSavedAsync();
        var isSame = _catchUp is { } open && open.From == wanted.From && open.Compare == wanted.Compare
            && open.Lineage.ToLineage().Equals(wanted.Lineage.ToLineage());
        if (!isSame)
        {
            await UndoCatchUpAsync(CancellationToken.None);
        }

        await GrowAsync(sizeBytes, CancellationToken.None);
        if (!isSame)
        {
            await _volume.CreateSnapshotAsync(RecoverySnapshot, CancellationToken.None);
            await FailPoint.ReachAsync(MoverSteps.RecoverySnapshotTaken, _volume);
            await SaveCatchUpAsync(wanted with { OffsetBytes = 0 }, CancellationToken.None);
            await FailPoint.ReachAsync(MoverSteps.CatchUpBegun, _volume);
        }

        _digest?.Dispose();
        _digest = new TransferDigest(digestIsOfSums);
        _reachedBytes = _catchUp!.OffsetBytes;
        return _catchUp!.OffsetBytes;
    }

    /// <summary>
    /// What this copy changed after the fork, read off its whole state, so that a resumed catch-up sees the same ranges. Asked by the
    /// source's lineage: a bare number means several states where the copy once jumped, as every first copy does, and would name all.
    /// </summary>
    public IReadOnlyList<ChangedRange> OwnChanges(Lineage source) =>
        Lineage.CommonNumber(Whole, source) < 0 ? _volume.ChangedSince(-1, RecoverySnapshot) : _volume.ChangedSince(source, RecoverySnapshot);

    public async ValueTask PutBlocksAsync(Frame frame, CancellationToken cancellationToken)
    {
        var reader = new FrameReader(frame.Payload);
        reader.CheckRest();
        var offset = reader.Int64();
        var data = reader.Rest();
        Digest.Add(FrameKind.Blocks, frame.Payload.Span);
        await _volume.PutAsync(offset, data, TargetNumber, cancellationToken);
        _reachedBytes = Math.Max(_reachedBytes, offset + data.Length);
    }

    public async ValueTask PutExtentsAsync(Frame frame, CancellationToken cancellationToken)
    {
        var extents = ExtentsFrame.Read(frame);
        Digest.Add(FrameKind.Extents, frame.Payload.Span);
        await _volume.PutAsync(extents, TargetNumber, cancellationToken);
        _reachedBytes = extents.Aggregate(_reachedBytes, static (reached, e) => Math.Max(reached, e.OffsetBytes + e.Data.Length));
    }

    public async ValueTask PutHoleAsync(Frame frame, CancellationToken cancellationToken)
    {
        var reader = new FrameReader(frame.Payload);
        reader.CheckRest();
        var (offset, length) = (reader.Int64(), reader.Int64());
        Digest.Add(FrameKind.Hole, frame.Payload.Span);
        await _volume.PutHoleAsync(offset, length, TargetNumber, cancellationToken);
        _reachedBytes = Math.Max(_reachedBytes, offset + length);
    }

    /// <summary>The link ended: the open catch-up, if there is one, goes on behind the last block that came over it.</summary>
    public async ValueTask SaveReachedAsync(CancellationToken cancellationToken)
    {
        await CursorSavedAsync();
        await SaveOffsetAsync(_reachedBytes, cancellationToken);
    }

    /// <summary>
    /// Everything below the offset is in place: makes that durable, so that it need not be sent again. Returns at once, since a disk
    /// that is written while the next blocks arrive costs no time; one at a time, and whoever ends the catch-up waits for it.
    /// </summary>
    /// <exception cref="BlockException">The last one failed.</exception>
    public async ValueTask BeginSaveOffsetAsync(long offsetBytes)
    {
        if (_saving.IsCompleted)
        {
            await _saving;
            _saving = SaveOffsetAsync(offsetBytes, CancellationToken.None).AsTask();
        }
    }

    /// <summary>No cursor is being saved when this returns: a late one would bring back a catch-up that has ended.</summary>
    private async ValueTask CursorSavedAsync()
    {
        var saving = _saving;
        _saving = Task.CompletedTask;
        await saving;
    }

    private async ValueTask SaveOffsetAsync(long offsetBytes, CancellationToken cancellationToken)
    {
        if (_catchUp is { } open && offsetBytes > open.OffsetBytes)
        {
            await _volume.FlushAsync(cancellationToken);
            await FailPoint.ReachAsync(MoverSteps.CursorFlushed, _volume);
            await SaveCatchUpAsync(open with { OffsetBytes = offsetBytes }, cancellationToken);
            await FailPoint.ReachAsync(MoverSteps.CursorSaved, _volume);
        }
    }

    /// <summary>The catch-up is complete and verified: in one durable step the head becomes the whole state.</summary>
    public async ValueTask EndCatchUpAsync(EndCatchUpMessage end, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        await CursorSavedAsync();
        var lineage = (_catchUp ?? throw new MoverProtocolException("The source ends a catch-up that was not begun.")).Lineage.ToLineage();
        var digest = Digest.Take();
        if (!string.Equals(digest, end.Digest, StringComparison.Ordinal))
        {
            throw new MoverProtocolException(
                "The transfer's digest does not match what arrived; the catch-up is not taken over, and the last recovery point stands.");
        }

        // What is newer than a state of a known time holds all that was written by then, too.
        var takenAt = end.TakenAt ?? RecoveryPoint?.TakenAt ?? DateTimeOffset.UnixEpoch;
        var takenAtHere = end.TakenAt is null ? RecoveryPoint?.TakenAtHere : end.TakenAtThere;
        await _volume.AdoptLineageAsync(lineage, CancellationToken.None);
        await FailPoint.ReachAsync(MoverSteps.LineageAdopted, _volume);
        await SaveRecoveryPointAsync(lineage, lineage.LastNumber, takenAt, takenAtHere, CancellationToken.None);
        await FailPoint.ReachAsync(MoverSteps.PointSaved, _volume);
        await ForgetCatchUpAsync(CancellationToken.None);
        await FailPoint.ReachAsync(MoverSteps.CatchUpEnded, _volume);
    }

    /// <summary>Goes back to the last whole state when a catch-up is open.</summary>
    public async ValueTask UndoCatchUpAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        await CursorSavedAsync();
        if (FindSnapshot(RecoverySnapshot) is null)
        {
            return;
        }

        await _volume.RemovePropertyAsync(CatchUpProperty, CancellationToken.None);
        _catchUp = null;
        await FailPoint.ReachAsync(MoverSteps.CatchUpVoided, _volume);
        await ReturnToRecoverySnapshotAsync(CancellationToken.None);
    }

    public ValueTask ApplyAsync(RunStart run, IReadOnlyList<NumberedWrite> writes, CancellationToken cancellationToken) =>
        _catchUp is null
            ? _volume.ApplyAsync(run, writes, cancellationToken)
            : throw new MoverProtocolException("The source streams writes while a catch-up is open.");

    public ValueTask FlushAsync(CancellationToken cancellationToken) => _volume.FlushAsync(cancellationToken);

    public async ValueTask GrowAsync(long sizeBytes, CancellationToken cancellationToken)
    {
        if (sizeBytes > _volume.SizeBytes)
        {
            await _volume.ExtendAsync(sizeBytes, cancellationToken);
        }
    }

    /// <summary>Notes when the source's disk was in the state at that number, which is durable here; by its clock, and by this site's.</summary>
    public void Note(long number, DateTimeOffset takenAt, DateTimeOffset? takenAtHere)
    {
        if (RunOf(Whole, number) is { } run)
        {
            _recoveryPoint = new KnownPoint(new RecoveryPoint(run.Generation, number, takenAt) { TakenAtHere = takenAtHere }, run.RunId);
        }
    }

    /// <summary>Writes the noted recovery point down, for after a restart.</summary>
    public async ValueTask SaveRecoveryPointAsync(CancellationToken cancellationToken)
    {
        if (_recoveryPoint is { } known)
        {
            await _volume.SetPropertyAsync(RecoveryPointProperty, Encode(known.Point, known.RunId), cancellationToken);
        }
    }

    /// <summary>Keeps the present state as the source's snapshot of that id; once made it is never made again.</summary>
    /// <exception cref="MoverProtocolException">This copy is not in that state.</exception>
    public async ValueTask MakeSnapshotAsync(string snapshotId, Lineage lineage, CancellationToken cancellationToken)
    {
        if (!TravellingSnapshots.Travels(snapshotId) || !Whole.Equals(lineage))
        {
            throw new MoverProtocolException(
                $"The source has snapshot {snapshotId} at {lineage}, and this copy is at {Whole}; it is not made here.");
        }

        if (FindSnapshot(snapshotId) is null)
        {
            // A catch-up from a state that the source has no longer may have been left open.
            await UndoCatchUpAsync(cancellationToken);
            await _volume.CreateSnapshotAsync(snapshotId, cancellationToken);
            await FailPoint.ReachAsync(MoverSteps.SnapshotMade, _volume);
        }
    }

    /// <summary>The newest state of a copy whose time is known, if its head goes back to it: what a copy that passes itself on may claim.</summary>
    public static RecoveryPoint? PointOf(BlockVolume volume) => Look(volume).RecoveryPoint;

    /// <summary>Keeps the present state as that of a cut, durably. Nothing happens when it is kept already.</summary>
    public async ValueTask KeepMarkAsync(Cut cut, long number, CancellationToken cancellationToken)
    {
        if (_catchUp is not null || FindSnapshot(RecoverySnapshot) is not null || _volume.Lineage.LastNumber != number)
        {
            throw new MoverProtocolException($"The source cuts its group at number {number}, and this copy is at {Whole}.");
        }

        if (ReplicaMarks.Find(_volume, cut) is null)
        {
            await _volume.CreateSnapshotAsync(ReplicaMarks.SnapshotOf(cut), cancellationToken);
        }
    }

    /// <summary>
    /// Goes back to the state of a snapshot, durably, and forgets what came after it. False, with nothing done but a catch-up undone, when
    /// there is no such snapshot, or its state is not in this copy's past.
    /// </summary>
    public async ValueTask<bool> ReturnToAsync(string snapshotId, DateTimeOffset? takenAt, CancellationToken cancellationToken)
    {
        await UndoCatchUpAsync(cancellationToken);
        if (FindSnapshot(snapshotId) is not { } mark || !mark.Lineage.IsPrefixOf(_volume.Lineage))
        {
            return false;
        }

        if (!mark.Lineage.Equals(_volume.Lineage))
        {
            await _volume.RevertToSnapshotAsync(mark.Id, cancellationToken);
            await FailPoint.ReachAsync(GroupSteps.Returned, _volume);
        }

        await SaveRecoveryPointAsync(
            mark.Lineage, mark.Lineage.LastNumber, takenAt ?? mark.CreatedAt, takenAt is { } at ? RecoveryPoint?.Here(at) : mark.CreatedAt, cancellationToken);
        await FailPoint.ReachAsync(GroupSteps.PointSaved, _volume);
        return true;
    }

    /// <summary>The snapshot that keeps the present whole state for people; once made it is never made again.</summary>
    public async ValueTask KeepAsync(string snapshotId, CancellationToken cancellationToken)
    {
        if (FindSnapshot(snapshotId) is null)
        {
            await UndoCatchUpAsync(cancellationToken);
            await _volume.CreateSnapshotAsync(snapshotId, cancellationToken);
        }
    }

    private TransferDigest Digest =>
        _digest ?? throw new MoverProtocolException("The source sends blocks of a catch-up that it did not begin on this link.");

    /// <summary>The number that every block put by the open catch-up carries.</summary>
    private long TargetNumber =>
        (_catchUp ?? throw new MoverProtocolException("The source sends blocks outside of a catch-up.")).Lineage.LastNumber;

    private SnapshotInfo? FindSnapshot(string id) => _volume.Snapshots.FirstOrDefault(s => string.Equals(s.Id, id, StringComparison.Ordinal));

    private async ValueTask ReturnToRecoverySnapshotAsync(CancellationToken cancellationToken)
    {
        await _volume.RevertToSnapshotAsync(RecoverySnapshot, cancellationToken);
        await FailPoint.ReachAsync(MoverSteps.HeadReverted, _volume);
        await _volume.DeleteSnapshotAsync(RecoverySnapshot, cancellationToken);
    }

    private async ValueTask ForgetCatchUpAsync(CancellationToken cancellationToken)
    {
        if (FindSnapshot(RecoverySnapshot) is not null)
        {
            await _volume.DeleteSnapshotAsync(RecoverySnapshot, cancellationToken);
            await FailPoint.ReachAsync(MoverSteps.RecoverySnapshotDropped, _volume);
        }

        await _volume.RemovePropertyAsync(CatchUpProperty, cancellationToken);
        _catchUp = null;
    }

    private async ValueTask SaveCatchUpAsync(CatchUpDocument document, CancellationToken cancellationToken)
    {
        await _volume.SetPropertyAsync(
            CatchUpProperty, JsonSerializer.SerializeToUtf8Bytes(document, MoverJson.Default.CatchUpDocument), cancellationToken);
        _catchUp = document;
    }

    private async ValueTask SaveRecoveryPointAsync(
        Lineage lineage, long number, DateTimeOffset takenAt, DateTimeOffset? takenAtHere, CancellationToken cancellationToken)
    {
        var run = RunOf(lineage, number) ?? default;
        _recoveryPoint = new KnownPoint(new RecoveryPoint(run.Generation, number, takenAt) { TakenAtHere = takenAtHere }, run.RunId);
        await SaveRecoveryPointAsync(cancellationToken);
    }

    private void LoadProperties()
    {
        if (_volume.GetProperty(CatchUpProperty) is { } catchUp)
        {
            _catchUp = JsonSerializer.Deserialize(catchUp.Span, MoverJson.Default.CatchUpDocument);
        }

        if (_volume.GetProperty(RecoveryPointProperty) is { } point
            && JsonSerializer.Deserialize(point.Span, MoverJson.Default.RecoveryPointDocument) is { } known)
        {
            _recoveryPoint = new KnownPoint(
                new RecoveryPoint(known.Generation, known.Number, known.TakenAt) { TakenAtHere = known.TakenAtHere },
                ulong.Parse(known.RunId, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture));
        }
    }

    private static byte[] Encode(RecoveryPoint point, ulong runId) =>
        JsonSerializer.SerializeToUtf8Bytes(
            new RecoveryPointDocument(point.Generation, runId.ToString("x16", CultureInfo.InvariantCulture), point.Number, point.TakenAt)
            {
                TakenAtHere = point.TakenAtHere,
            },
            MoverJson.Default.RecoveryPointDocument);

    /// <summary>The run whose write the number is: the last one that begins at or before it.</summary>
    private static RunStart? RunOf(Lineage lineage, long number)
    {
        for (var i = lineage.Runs.Count - 1; i >= 0; i--)
        {
            if (lineage.Runs[i].FirstNumber <= number)
            {
                return number <= lineage.LastNumber ? lineage.Runs[i] : null;
            }
        }

        return null;
    }

    private static bool Contains(Lineage lineage, ulong runId, long number) =>
        number == 0 ? lineage.Runs.Count == 0 || runId == 0 : RunOf(lineage, number) is { } run && run.RunId == runId;

    private sealed record KnownPoint(RecoveryPoint Point, ulong RunId);
}
