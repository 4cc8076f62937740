using Skerry.Domain.Operations;
using Skerry.Domain.Replication;
using Skerry.Domain.Volumes;
using Skerry.State.Merging;

namespace Skerry.Domain.Recovery;

/// <summary>
/// Ends this site's time as primary with nothing lost: stops the writers, brings the successor to the last write, and writes the
/// generation that names it; a demotion names nobody.
/// </summary>
/// <remarks>
/// Until that generation is written everything can be undone, and is undone when somebody asks to abort, when a step fails, or when
/// the daemon finds the operation interrupted: the hold is cleared and the volume takes writes again in its old generation. After it
/// nothing can be undone here: the successor may be writing, known or not; taking the volume back is a promotion of its own.
/// </remarks>
/// <param name="site">This site.</param>
/// <param name="drivers">Its backends.</param>
/// <param name="exports">What is attached.</param>
/// <param name="movers">What brings successors up.</param>
/// <param name="stores">Where the copy here stands.</param>
/// <param name="joint">Volumes that are handed over together.</param>
/// <param name="atStage">Told of volume and stage after that is written, before any of it is done; for tests.</param>
internal sealed class HandOverHandler(
    SiteContext site, VolumeDrivers drivers, ExportRegistry exports, IReadOnlyList<IDataMover> movers,
    IReadOnlyList<IReplicaStore> stores, JointMoves joint, Func<string, string, CancellationToken, ValueTask>? atStage = null) : IOperationHandler
{
    // Volumes that nobody may write to meanwhile: few at a time are each stopped for a shorter time.
    private const int DrainedAtOnce = 16;

    private static readonly Actor Self = Actor.System("recovery");

    private readonly SemaphoreSlim _drained = new(DrainedAtOnce, DrainedAtOnce);

    public string Kind => RecoveryOperations.HandOver;

    public bool IsUrgent => true;

    public async ValueTask<OperationResult> RunAsync(Operation operation, CancellationToken cancellationToken)
    {
        if (operation.Parameters.Deserialize(RecoveryJson.Default.RecoveryParameters) is not { } wanted)
        {
            return OperationResult.Failed($"Operation {operation.Id} cannot be read.");
        }

        if (wanted.JointOperationId is not { } jointId)
        {
            return await RunAsync(operation, wanted, null, cancellationToken);
        }

        if (joint.Find(jointId) is not { } together)
        {
            return OperationResult.Failed("The move that it was part of has ended. Ask again for the whole.");
        }

        OperationResult? result = null;
        try
        {
            return result = await RunAsync(operation, wanted, together, cancellationToken);
        }
        finally
        {
            if (result is not { IsSuccess: true })
            {
                together.Stay($"Volume {operation.Entity.Id}: {result?.Refusal?.Message ?? result?.Reason ?? "It was interrupted."}", result?.Refusal);
            }
        }
    }

    private async ValueTask<OperationResult> RunAsync(
        Operation operation, RecoveryParameters wanted, JointMove? together, CancellationToken cancellationToken)
    {
        var volumeId = operation.Entity.Id;
        var state = StateView.Of(site.Replica);

        if (state.Find(EntityKinds.Volume, volumeId) is null || Generations.Primary(state, volumeId) is not { } primary)
        {
            return OperationResult.Failed($"Volume {volumeId} was deleted before it was handed over.");
        }

        var stages = new StageLog(
            site, operation, wanted.ToSite.Length == 0 ? FailoverStages.OfDemotion : FailoverStages.All, atStage);
        if (primary.Current.ParentId == wanted.GenerationId && primary.Current.Site == wanted.ToSite && primary.Current.Planned)
        {
            return await FinishAsync(stages, primary.Current, cancellationToken);
        }

        if (!primary.IsPrimary(site.SelfText) || primary.Current.Id != wanted.GenerationId)
        {
            return OperationResult.Refused(Refusal.State(
                $"Volume {volumeId} is in generation {primary.Current.Number} since this was asked for.", "Look at it, and ask again."));
        }

        if (!await stages.TryEnterAsync(FailoverStages.Preflight, cancellationToken))
        {
            return Aborted(stages, volumeId, primary.Current);
        }

        if (drivers.Holding(volumeId) is not { } driver || movers.FirstOrDefault(m => m.Driver == driver.DriverName) is not { } mover)
        {
            return OperationResult.Failed($"No backend of site {site.SiteName} holds volume {volumeId}.");
        }

        if (!wanted.Drain && AttachedWriters.Refusal(state, exports, volumeId) is { } attached)
        {
            return OperationResult.Refused(attached);
        }

        var replicas = Relation.OfVolume(state, volumeId);
        var successor = replicas.FirstOrDefault(r => r.ReplicaOf(site.SelfText).Site == wanted.ToSite);
        if (wanted.ToSite.Length > 0 && successor is null)
        {
            return OperationResult.Refused(Refusal.State(
                $"Volume {volumeId} has no replica at the site that it was to be handed to.", "Replicate it there first."));
        }

        await using var abort = AbortWatch.Begin(site, operation.Id, cancellationToken);
        var move = new Move(operation.Id, primary.Current, wanted, driver, mover, successor, replicas) { Together = together };
        return await HandOverAsync(move, stages, abort, cancellationToken);
    }

    /// <summary>What was interrupted before the generation was written is undone; after it, it is done.</summary>
    public async ValueTask<OperationResult> ReconcileAsync(Operation operation, CancellationToken cancellationToken)
    {
        var wanted = operation.Parameters.Deserialize(RecoveryJson.Default.RecoveryParameters);
        var primary = Generations.Primary(StateView.Of(site.Replica), operation.Entity.Id);
        if (wanted is not null && primary?.Current.ParentId == wanted.GenerationId && primary.Current.Site == wanted.ToSite)
        {
            var stages = wanted.ToSite.Length == 0 ? FailoverStages.OfDemotion : FailoverStages.All;
            return await FinishAsync(new StageLog(site, operation, stages, atStage), primary.Current, cancellationToken);
        }

        var reason =
            $"It was interrupted before volume {operation.Entity.Id} was given up; site {site.SiteName} goes on as its primary.";
        return operation.CancelRequested
            ? OperationResult.Cancelled(reason, t => Handover.Clear(t, operation.Entity.Id))
            : OperationResult.Failed($"{reason} Ask again.", t => Handover.Clear(t, operation.Entity.Id));
    }

    private async ValueTask<OperationResult> HandOverAsync(
        Move move, StageLog stages, AbortWatch abort, CancellationToken cancellationToken)
    {
        var (volumeId, current) = (move.Current.VolumeId, move.Current);
        var writes = new LastWrites(site, move.Driver, move.Mover, current);
        if (!await stages.TryEnterAsync(FailoverStages.FinalSync, cancellationToken))
        {
            return Aborted(stages, volumeId, current);
        }

        try
        {
            if (move.Successor is { } near && await writes.SyncAsync(near, isWritten: true, abort.Token) is { Number: null } unready)
            {
                return abort.IsAsked ? Aborted(stages, volumeId, current)
                    : OperationResult.Refused(Refusal.State(unready.Reason, "Nothing was changed; it can be asked again, or forced at the other site."));
            }

            if (move.Together is { } together)
            {
                // Volumes that wait for each other must not wait for each other's turns.
                if (!await together.NearAsync(volumeId, abort.Token))
                {
                    return Stayed(move, stages, abort);
                }
            }
            else
            {
                await _drained.WaitAsync(abort.Token);
            }
        }
        catch (OperationCanceledException) when (abort.IsAsked)
        {
            return Aborted(stages, volumeId, current);
        }

        Generation? next;
        try
        {
            var (number, failure) = await DrainAsync(move, stages, writes, abort, cancellationToken);
            if (failure is not null)
            {
                return failure;
            }

            (next, var isAborted) = await WriteAsync(move, stages, number, abort, cancellationToken);
            if (isAborted)
            {
                return Stayed(move, stages, abort);
            }
        }
        finally
        {
            if (move.Together is null)
            {
                _drained.Release();
            }
        }

        return next is null
            ? OperationResult.Failed($"Another site was promoted meanwhile; volume {volumeId} follows that one.", t => Handover.Clear(t, volumeId))
            : await FinishAsync(stages, next, cancellationToken);
    }

    /// <summary>The last write that the successor has as durable, with nobody writing any more; or what the move came to instead.</summary>
    private async ValueTask<(long Number, OperationResult? Failure)> DrainAsync(
        Move move, StageLog stages, LastWrites writes, AbortWatch abort, CancellationToken cancellationToken)
    {
        var (volumeId, current) = (move.Current.VolumeId, move.Current);
        var names = new SiteDirectory(site, StateView.Of(site.Replica));
        var reason = move.Wanted.ToSite.Length == 0
            ? "It is being demoted."
            : $"It is being handed over from site {site.SiteName} to site {names.NameOf(move.Wanted.ToSite)}.";
        var hold = new Handover(volumeId, current.Id, move.OperationId, reason);
        if (!await stages.TryEnterAsync(FailoverStages.Drain, cancellationToken, hold.Write))
        {
            return (0, Aborted(stages, volumeId, current));
        }

        // Since it was looked at somebody may have come; from the hold on nobody can.
        if (!move.Wanted.Drain && AttachedWriters.Refusal(StateView.Of(site.Replica), exports, volumeId) is { } attached)
        {
            return (0, OperationResult.Refused(attached, t => Handover.Clear(t, volumeId)));
        }

        exports.RevokeVolume(volumeId);
        await move.Driver.FenceAsync(volumeId, reason, cancellationToken);
        if (!await stages.TryEnterAsync(FailoverStages.LastSync, cancellationToken))
        {
            return (0, Aborted(stages, volumeId, current));
        }

        Synced synced;
        try
        {
            synced = move.Successor is null
                ? await SettleAllAsync(move, writes, abort.Token)
                : await writes.SyncAsync(move.Successor, isWritten: false, abort.Token);
        }
        catch (OperationCanceledException) when (abort.IsAsked)
        {
            return (0, Aborted(stages, volumeId, current));
        }

        if (synced.Number is not null && !await stages.TryEnterAsync(FailoverStages.Verify, cancellationToken))
        {
            return (0, Aborted(stages, volumeId, current));
        }

        if (abort.IsAsked)
        {
            return (0, Aborted(stages, volumeId, current));
        }

        var why = synced.Number is { } last ? await VerifyAsync(move, last, cancellationToken) : synced.Reason;
        return why is null
            ? (synced.Number!.Value, null)
            : (0, OperationResult.Failed(
                $"{why} The volume was not given up, and site {site.SiteName} goes on as its primary.",
                t => Handover.Clear(t, volumeId)));
    }

    /// <summary>A demotion takes along who can be reached; it does not depend on anybody.</summary>
    private async ValueTask<Synced> SettleAllAsync(Move move, LastWrites writes, CancellationToken cancellationToken)
    {
        foreach (var relation in move.Replicas)
        {
            await writes.SyncAsync(relation, isWritten: false, cancellationToken);
        }

        return await FindAsync(move.Current.VolumeId, cancellationToken) is { } copy
            ? new Synced(copy.Number, "")
            : new Synced(null, $"The backend does not say where volume {move.Current.VolumeId} stands.");
    }

    /// <summary>Why the generation must not be written: the copy here is open still, or holds more than the successor confirmed.</summary>
    private async ValueTask<string?> VerifyAsync(Move move, long number, CancellationToken cancellationToken)
    {
        var volumeId = move.Current.VolumeId;
        return await move.Driver.FindLocalAsync(volumeId, cancellationToken) is not { OpenGeneration: null }
            ? $"Volume {volumeId} still takes writes here."
            : await FindAsync(volumeId, cancellationToken) is { } copy && copy.Number > number
                ? $"Volume {volumeId} stands at write {copy.Number} here, and the replica confirmed {number}."
                : null;
    }

    private async ValueTask<LocalCopy?> FindAsync(string volumeId, CancellationToken cancellationToken)
    {
        foreach (var store in stores)
        {
            if (await store.FindAsync(volumeId, cancellationToken) is { } copy)
            {
                return copy;
            }
        }

        return null;
    }

    /// <summary>The point of no return: the generation, with the request to abort looked at in the same transaction.</summary>
    private async ValueTask<(Generation? Next, bool IsAborted)> WriteAsync(
        Move move, StageLog stages, long number, AbortWatch abort, CancellationToken cancellationToken)
    {
        var (volumeId, current) = (move.Current.VolumeId, move.Current);
        if (!await stages.TryEnterAsync(FailoverStages.HandOver, cancellationToken))
        {
            return (null, true);
        }

        if (move.Together is { } together)
        {
            var given = await together.ReadyAsync(new ReadyVolume(move.OperationId, current, move.Wanted.ToSite, number, stages), abort.Token);
            if (given is not null)
            {
                await stages.ReachedAsync(FailoverStages.Promote, cancellationToken);
            }

            return (given, given is null);
        }

        var id = site.Ids.NewUuid();
        var written = await site.DecideAsync<(Generation?, bool)>(
            Self,
            transaction =>
            {
                if (stages.IsAborted(transaction))
                {
                    return (null, true);
                }

                if (Generations.Primary(StateView.Of(transaction), volumeId)?.Current.Id != current.Id)
                {
                    return (null, false);
                }

                Handover.Clear(transaction, volumeId);
                var next = new Generation(volumeId, current.Number + 1, id, move.Wanted.ToSite, number, current.Id, Planned: true);
                Generations.Write(transaction, next);
                if (!next.IsDemoted)
                {
                    stages.Write(transaction, FailoverStages.Promote);
                }

                return (next, false);
            },
            cancellationToken);
        if (written.Item1 is { IsDemoted: false })
        {
            await stages.ReachedAsync(FailoverStages.Promote, cancellationToken);
        }

        return written;
    }

    private async ValueTask<OperationResult> FinishAsync(StageLog stages, Generation generation, CancellationToken cancellationToken)
    {
        var isOpen = false;
        var isReversed = false;
        if (!generation.IsDemoted)
        {
            var relation = Relation.OfVolume(StateView.Of(site.Replica), generation.VolumeId)
                .FirstOrDefault(r => r.ReplicaOf(generation.Site).Site == site.SelfText);
            isOpen = await OpenWait.UntilOpenAsync(site, drivers, generation, relation?.Id, cancellationToken);
            if (isOpen && relation is not null)
            {
                await stages.EnterAsync(FailoverStages.Reverse, cancellationToken);
                isReversed = await OpenWait.UntilReversedAsync(site, generation, relation.Id, cancellationToken);
            }
        }

        return OperationResult.Succeeded(
            value: FieldValue.Serialize(
                new RecoveryResult(
                    generation.Number, generation.ForkNumber, generation.Site, IsPlanned: true, null, "Nothing was lost.", isOpen)
                {
                    IsReversed = isReversed,
                },
                RecoveryJson.Default.RecoveryResult));
    }

    private OperationResult Stayed(Move move, StageLog stages, AbortWatch abort) =>
        move.Together is { WhyStayed: { } why } && !abort.IsAsked
            ? OperationResult.Cancelled(
                $"All volumes that it moves with stay. {why} Site {site.SiteName} goes on as primary of volume {move.Current.VolumeId} in generation {move.Current.Number}.",
                transaction => Handover.Clear(transaction, move.Current.VolumeId))
            : Aborted(stages, move.Current.VolumeId, move.Current);

    private OperationResult Aborted(StageLog stages, string volumeId, Generation current) =>
        OperationResult.Cancelled(
            $"It was aborted at stage {stages.Current}; site {site.SiteName} goes on as primary of volume {volumeId} in generation {current.Number}.",
            transaction => Handover.Clear(transaction, volumeId));

    /// <summary>What a hand-over works on.</summary>
    private sealed record Move(
        string OperationId, Generation Current, RecoveryParameters Wanted, IVolumeDriver Driver, IDataMover Mover, Relation? Successor,
        IReadOnlyList<Relation> Replicas)
    {
        /// <summary>Those that it is handed over with; null when it is alone.</summary>
        public JointMove? Together { get; init; }
    }
}
