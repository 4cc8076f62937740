using Skerry.Domain.Groups;
using Skerry.Domain.Operations;
using Skerry.State.Merging;

namespace Skerry.Domain.Recovery;

/// <summary>The kind of operation that moves all of a site.</summary>
public static class SiteOperations
{
    /// <summary>At the site that was asked.</summary>
    public const string Move = "site.failover";

    public static IReadOnlyList<IOperationHandler> Handlers(
        SiteContext site, SiteMoves moves, RecoveryService recovery, GroupRecovery groups) =>
        [new SiteMoveHandler(site, moves, recovery, groups)];
}

/// <summary>Drives a move of a site: what moves is written down first, and then group by group and volume by volume asked for.</summary>
internal sealed class SiteMoveHandler(SiteContext site, SiteMoves moves, RecoveryService recovery, GroupRecovery groups) : IOperationHandler
{
    private static readonly Actor Self = Actor.System("recovery plan");

    public string Kind => SiteOperations.Move;

    public async ValueTask<OperationResult> RunAsync(Operation operation, CancellationToken cancellationToken)
    {
        if (operation.Parameters.Deserialize(PlanJson.Default.SiteMoveParameters) is not { } wanted)
        {
            return OperationResult.Failed($"Operation {operation.Id} cannot be read.");
        }

        var plan = (wanted.PlanName is { } name ? RecoveryPlan.Find(StateView.Of(site.Replica), name) : null) ?? RecoveryPlan.Derived(wanted.Site);
        var driver = new MoveDriver(site, plan.Parallel, plan.OnFailure == PlanFailure.Stop);
        if (MoveDriver.Known(operation) is not { } report)
        {
            report = (await moves.PreviewAsync(Self, wanted, cancellationToken)).Report;
            await driver.SaveAsync(operation.Id, report, cancellationToken);
        }

        report = await driver.RunAsync(
            operation.Id, report, line => line.GroupId ?? line.VolumeId, (line, token) => BeginAsync(wanted, line, token), cancellationToken);
        return report.Failures() is { } failures
            ? OperationResult.Failed(failures)
            : OperationResult.Succeeded(value: FieldValue.Serialize(report, GroupJson.Default.MoveReport));
    }

    public ValueTask<OperationResult> ReconcileAsync(Operation operation, CancellationToken cancellationToken) =>
        RunAsync(operation, cancellationToken);

    private async ValueTask<Outcome<MoveBegun>> BeginAsync(SiteMoveParameters wanted, MoveLine line, CancellationToken cancellationToken)
    {
        if (line.GroupId is not { } groupId)
        {
            return GroupLine.Begun(
                site, line,
                await recovery.FailoverAsync(
                    Self, new FailoverRequest(line.VolumeId, line.ToSite, wanted.IsForced, wanted.Drain) { WithoutFence = wanted.WithoutFence },
                    cancellationToken));
        }

        var asked = await groups.FailoverAsync(
            Self, new GroupMoveRequest(groupId, line.ToSite, wanted.IsForced, wanted.Drain) { WithoutFence = wanted.WithoutFence }, cancellationToken);
        return asked.IsRefused ? asked.Refusal! : new MoveBegun(asked.Value.OperationId);
    }
}
