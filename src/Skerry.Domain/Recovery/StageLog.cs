using Skerry.Domain.Operations;
using Skerry.State;

namespace Skerry.Domain.Recovery;

/// <summary>
/// Writes down each stage of a move before it begins, so that every site can show it. A stage before the point of no return does
/// not begin once somebody asked to abort: the request and the stage are decided in one transaction, so one of the two is first.
/// </summary>
/// <param name="site">This site.</param>
/// <param name="operation">The move.</param>
/// <param name="stages">Its stages.</param>
/// <param name="atStage">Told of volume and stage after that is written, before any of it is done.</param>
internal sealed class StageLog(
    SiteContext site, Operation operation, IReadOnlyList<string> stages, Func<string, string, CancellationToken, ValueTask>? atStage)
{
    private static readonly Actor Self = Actor.System("recovery");

    public string Current { get; private set; } = stages[0];

    /// <summary>Begins a stage that can still be undone. False when it was aborted; then nothing was written.</summary>
    public async ValueTask<bool> TryEnterAsync(string stage, CancellationToken cancellationToken, Action<ITransaction>? together = null)
    {
        var isEntered = await site.DecideAsync(
            Self,
            transaction =>
            {
                if (IsAborted(transaction))
                {
                    return false;
                }

                Write(transaction, stage);
                together?.Invoke(transaction);
                return true;
            },
            cancellationToken);
        if (isEntered)
        {
            Current = stage;
            await ReachedAsync(cancellationToken);
        }

        return isEntered;
    }

    /// <summary>Begins a stage after the point of no return.</summary>
    public async ValueTask EnterAsync(string stage, CancellationToken cancellationToken)
    {
        await site.DecideAsync(
            Self,
            transaction =>
            {
                Write(transaction, stage);
                return default(Unit);
            },
            cancellationToken);
        Current = stage;
        await ReachedAsync(cancellationToken);
    }

    public bool IsAborted(ITransaction transaction) =>
        OperationEntity.Find(StateView.Of(transaction), operation.Id) is { CancelRequested: true };

    public void Write(ITransaction transaction, string stage) =>
        OperationEntity.WriteProgress(transaction, operation.Id, Of(stage));

    /// <summary>For a stage that was written with something else.</summary>
    public async ValueTask ReachedAsync(string stage, CancellationToken cancellationToken)
    {
        Current = stage;
        await ReachedAsync(cancellationToken);
    }

    private async ValueTask ReachedAsync(CancellationToken cancellationToken)
    {
        await FailPoint.ReachAsync(RecoveryMoments.OfStage + Current, site);
        if (atStage is not null)
        {
            await atStage(operation.Entity.Id, Current, cancellationToken);
        }
    }

    private OperationProgress Of(string stage)
    {
        var canAbort = stage is not (FailoverStages.Promote or FailoverStages.Reverse);
        return new OperationProgress(
            stage, stages, site.Now, canAbort, FailoverStages.Promote,
            canAbort
                ? $"It can be aborted until stage {FailoverStages.Promote}; site {site.SiteName} then goes on as primary in its old generation."
                : "It cannot be aborted any more: the successor may be writing. Fail back to return.");
    }
}
