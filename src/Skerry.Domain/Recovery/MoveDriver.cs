using Skerry.Domain.Groups;
using Skerry.Domain.Operations;
using Skerry.Domain.Volumes;
using Skerry.State.Merging;

namespace Skerry.Domain.Recovery;

/// <summary>
/// Drives a move of several volumes through operations of each, or of each group: some at a time, step by step, and writes down how far
/// it has come before it goes on.
/// </summary>
/// <remarks>
/// Everything that it does may be done again: asking again for a move that is under way finds that one, and for one that is over finds
/// that nothing is to be done. So a driver that crashed goes on from the report as it was written last.
/// </remarks>
internal sealed class MoveDriver(SiteContext site, int parallel, bool stopsOnFailure = false, Action<MoveReport>? looked = null)
{
    private static readonly Actor Self = Actor.System("recovery");
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(20);

    // A request expires when it could not be begun in two minutes; a site that does not even say so is out of reach.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    /// <summary>
    /// Where a driver before this one came to; null when there was none. What it had begun is asked for again, which finds what came
    /// of it.
    /// </summary>
    public static MoveReport? Known(Operation operation) =>
        operation.Result?.Deserialize(GroupJson.Default.MoveReport) is { } report
            ? With(report, v => v.State == MoveLine.Moving, v => v with { State = MoveLine.Waiting })
            : null;

    /// <param name="operationId">The operation whose result the report is.</param>
    /// <param name="report">Where the move stands.</param>
    /// <param name="unitOf">Volumes of one unit move in one operation.</param>
    /// <param name="begin">Asks for the move of a unit; the ticket without an operation says that it is there already.</param>
    /// <param name="cancellationToken">Ends the driving, not what was begun.</param>
    public async ValueTask<MoveReport> RunAsync(
        string operationId, MoveReport report, Func<MoveLine, string> unitOf,
        Func<MoveLine, CancellationToken, ValueTask<Outcome<MoveBegun>>> begin, CancellationToken cancellationToken)
    {
        while (true)
        {
            var before = report;
            report = Look(report);
            if (stopsOnFailure && report.Volumes.Where(v => v.State == MoveLine.Failed).Select(v => (int?)v.Step).Min() is { } failed)
            {
                report = With(report, v => v.State == MoveLine.Waiting && v.Step > failed, v => v with
                {
                    State = MoveLine.Skipped,
                    Reason = $"Step {failed + 1} failed, and the plan stops then.",
                });
            }

            var step = report.Volumes.Where(v => !v.IsOver).Select(v => (int?)v.Step).Min();
            var units = report.Volumes.Where(v => v.State == MoveLine.Waiting && v.Step == step).Select(unitOf).Distinct().ToList();
            var free = parallel - report.Volumes.Where(v => v.State == MoveLine.Moving).Select(unitOf).Distinct().Count();
            var begun = await Task.WhenAll(units.Take(Math.Max(0, free)).Select(async unit =>
                (Unit: unit, Outcome: await begin(report.Volumes.First(v => unitOf(v) == unit), cancellationToken))));
            foreach (var (unit, outcome) in begun)
            {
                report = With(report, v => unitOf(v) == unit && v.State == MoveLine.Waiting, v => Begun(v, outcome));
            }

            looked?.Invoke(report);
            if (report.IsOver)
            {
                report = report with { EndedAt = site.Now };
                await SaveAsync(operationId, report, cancellationToken);
                return report;
            }

            if (!ReferenceEquals(before, report))
            {
                await SaveAsync(operationId, report, cancellationToken);
            }

            await Task.Delay(LookEvery, site.Time, cancellationToken);
        }
    }

    public async ValueTask SaveAsync(string operationId, MoveReport report, CancellationToken cancellationToken)
    {
        var value = FieldValue.Serialize(report, GroupJson.Default.MoveReport);
        await site.DecideAsync(
            Self,
            transaction =>
            {
                transaction.Set(OperationEntity.Key(operationId), "result", value, DomainSchema.OwnerRank);
                return default(Unit);
            },
            cancellationToken);
    }

    private MoveLine Begun(MoveLine line, Outcome<MoveBegun> outcome) =>
        outcome.Refusal is { } refusal ? line with { State = MoveLine.Failed, Reason = refusal.ToString(), StartedAt = site.Now, Seconds = 0 }
        : outcome.Value.OperationId is null ? Arrived(line with { StartedAt = line.StartedAt ?? site.Now })
        : line with
        {
            State = MoveLine.Moving,
            OperationId = outcome.Value.OperationId,
            StartedAt = site.Now,
            LossSeconds = outcome.Value.Preview?.SecondsSinceWhole ?? line.LossSeconds,
            OwedBytes = outcome.Value.Preview?.OwedBytesAtLeast ?? line.OwedBytes,
        };

    /// <summary>Takes over what the operations of what is moving came to.</summary>
    private MoveReport Look(MoveReport report)
    {
        var state = StateView.Of(site.Replica);
        foreach (var id in report.Volumes.Where(v => v.State == MoveLine.Moving).Select(v => v.OperationId!).Distinct().ToList())
        {
            var operation = OperationEntity.Find(state, id);
            if (operation is { Entity.Kind: EntityKinds.Group })
            {
                report = OfGroup(report, operation);
            }
            else if (operation is not { IsFinished: false })
            {
                report = With(report, v => v.OperationId == id, v => Ended(v, operation));
            }
        }

        return With(report, v => v.State == MoveLine.Moving && site.Now - v.StartedAt > Patience, v => v with
        {
            State = MoveLine.Failed,
            Reason = $"Nothing came of operation {v.OperationId} in {Patience.TotalMinutes:0} minutes; its site may still carry it out. Look at the volume before anything else is asked for.",
        });
    }

    private MoveReport OfGroup(MoveReport report, Operation operation)
    {
        var lines = operation.Result?.Deserialize(GroupJson.Default.MoveReport)?.Volumes.ToDictionary(v => v.VolumeId, StringComparer.Ordinal);
        return With(report, v => v.OperationId == operation.Id && v.State == MoveLine.Moving, line =>
            lines?.GetValueOrDefault(line.VolumeId) is { } told && (told.IsOver || operation.IsFinished)
                ? told with
                {
                    GroupId = line.GroupId,
                    Step = line.Step,
                    OperationId = operation.Id,
                    StartedAt = line.StartedAt,
                    State = told.IsOver ? told.State : MoveLine.Failed,
                    Reason = told.IsOver ? told.Reason : operation.Reason,
                }
                : operation.IsFinished ? Ended(line, operation) : line);
    }

    private MoveLine Ended(MoveLine line, Operation? operation)
    {
        var seconds = line.StartedAt is { } at ? Math.Max(0, ((operation?.FinishedAt ?? site.Now) - at).TotalSeconds) : (double?)null;
        if (operation?.Status != OperationStatus.Succeeded)
        {
            return line with
            {
                State = MoveLine.Failed,
                Reason = operation is null ? "Its operation is not known here any more." : operation.Reason ?? $"It ended as {OperationEntity.Word(operation.Status)}.",
                Seconds = seconds,
            };
        }

        return operation.Result?.Deserialize(RecoveryJson.Default.RecoveryResult) is { } result
            ? line with
            {
                State = MoveLine.Done,
                Generation = result.Generation,
                Number = result.Number,
                Loss = result.Loss,
                LossSeconds = result.IsPlanned ? 0 : line.LossSeconds,
                Seconds = seconds,
            }
            : Arrived(line) with { Seconds = seconds };
    }

    /// <summary>It is there, by the generation that this site knows.</summary>
    private MoveLine Arrived(MoveLine line) =>
        Generations.Primary(StateView.Of(site.Replica), line.VolumeId) is { } primary && primary.IsPrimary(line.ToSite)
            ? line with
            {
                State = MoveLine.Done,
                Generation = primary.Current.Number,
                Number = primary.Current.ForkNumber,
                Seconds = line.Seconds ?? 0,
                LossSeconds = primary.Current.Planned ? 0 : line.LossSeconds,
            }
            : line with { State = MoveLine.Failed, Reason = "It is not primary there, and nobody says why." };

    private static MoveReport With(MoveReport report, Func<MoveLine, bool> which, Func<MoveLine, MoveLine> change)
    {
        var changed = false;
        var lines = report.Volumes.Select(v =>
        {
            if (!which(v))
            {
                return v;
            }

            var next = change(v);
            changed |= next != v;
            return next;
        }).ToList();
        return changed ? report with { Volumes = lines } : report;
    }
}

/// <summary>What a request for a unit's move began.</summary>
/// <param name="OperationId">Follow it; null when there was nothing to do.</param>
/// <param name="Preview">What a forced move may lose.</param>
internal sealed record MoveBegun(string? OperationId, FailoverPreview? Preview = null);
