using Skerry.Domain.Operations;
using Skerry.Domain.Recovery;
using Skerry.Domain.Replication;
using Skerry.Domain.Volumes;

namespace Skerry.Domain.Groups;

/// <summary>
/// Hands all members of a group over, with nothing lost: all of them, or none. Those that are there already stay there.
/// </summary>
/// <remarks>
/// Each member is brought to its last write by an operation of its own; their generations are one mutation, which is the point of no
/// return of the whole. Until then a member that fails, an abort, and a crash leave every member where it was, writing on in its old
/// generation; after it every member goes, whatever stops meanwhile.
/// </remarks>
internal sealed class GroupHandOverHandler(SiteContext site, RecoveryService recovery, JointMoves joint) : IOperationHandler
{
    private static readonly Actor Self = Actor.System("groups");

    public string Kind => GroupOperations.HandOver;

    public async ValueTask<OperationResult> RunAsync(Operation operation, CancellationToken cancellationToken)
    {
        var state = StateView.Of(site.Replica);
        if (operation.Parameters.Deserialize(GroupJson.Default.GroupMoveParameters) is not { } wanted
            || Group.Find(state, operation.Entity.Id) is not { } group)
        {
            return OperationResult.Failed("The group was deleted before it was moved.");
        }

        var members = GroupStanding.Of(state, group).Members;
        var report = new MoveReport(
            site.SelfText, wanted.ToSite, IsForced: false, null, site.Now, null,
            [.. members.Select(m => GroupLine.Of(state, group, m.VolumeId, wanted.ToSite))]);
        var stages = new StageLog(site, operation, FailoverStages.OfGroup, null);
        if (!await stages.TryEnterAsync(FailoverStages.FinalSync, cancellationToken))
        {
            return Stayed(operation, group.Name, "It was aborted.");
        }

        var leaving = members.Where(m => m.PrimarySite != wanted.ToSite).Select(m => m.VolumeId).ToList();
        if (leaving.Count > JointMoves.MostVolumes)
        {
            return OperationResult.Refused(Refusal.State(
                $"{leaving.Count} volumes cannot be moved as one, {JointMoves.MostVolumes} can.", $"Take some out of group {group.Name}."));
        }

        await using var abort = AbortWatch.Begin(site, operation.Id, cancellationToken);
        JointMove together;
        try
        {
            together = await joint.BeginAsync(operation.Id, leaving, abort.Token);
        }
        catch (OperationCanceledException) when (abort.IsAsked)
        {
            return Stayed(operation, group.Name, "It was aborted.");
        }

        var deciding = DecideAsync(together, stages, cancellationToken);
        try
        {
            await using var asked = abort.Token.Register(() => together.Stay(null));

            // They wait for each other, so none may wait for its turn.
            var driver = new MoveDriver(site, Math.Max(1, members.Count), looked: r => StayIfOneFailed(together, r));
            await driver.SaveAsync(operation.Id, report, cancellationToken);
            report = await DriveAsync(driver, operation, wanted, report, operation.Id, cancellationToken);
            return together.WhyStayed is { } why ? Stayed(operation, group.Name, why, together.Refusal) : GroupLine.End(report);
        }
        finally
        {
            joint.End(operation.Id);
            await deciding;
        }
    }

    /// <summary>What was interrupted before the generations were written is undone, volume by volume; after it, it is done.</summary>
    public async ValueTask<OperationResult> ReconcileAsync(Operation operation, CancellationToken cancellationToken)
    {
        var state = StateView.Of(site.Replica);
        var name = Group.Find(state, operation.Entity.Id)?.Name ?? operation.Entity.Id;
        if (operation.Parameters.Deserialize(GroupJson.Default.GroupMoveParameters) is not { } wanted
            || MoveDriver.Known(operation) is not { } report
            || !report.Volumes.Any(v => !v.IsOver && Generations.Primary(state, v.VolumeId)?.IsPrimary(v.ToSite) == true))
        {
            return Stayed(operation, name, "It was interrupted before they were given up.");
        }

        var driver = new MoveDriver(site, Math.Max(1, report.Volumes.Count));
        return GroupLine.End(await DriveAsync(driver, operation, wanted, report, null, cancellationToken));
    }

    private async ValueTask<MoveReport> DriveAsync(
        MoveDriver driver, Operation operation, GroupMoveParameters wanted, MoveReport report, string? jointId, CancellationToken cancellationToken) =>
        await driver.RunAsync(
            operation.Id, report, line => line.VolumeId,
            async (line, token) =>
            {
                var begun = GroupLine.Begun(
                    site, line,
                    await recovery.FailoverAsync(
                        Self, new FailoverRequest(line.VolumeId, wanted.ToSite, IsForced: false, wanted.Drain) { JointOperationId = jointId }, token));
                if (begun.Refusal is { } refusal)
                {
                    joint.Find(operation.Id)?.Stay($"Volume {line.VolumeName ?? line.VolumeId}: {refusal.Message}", refusal);
                }

                return begun;
            },
            cancellationToken);

    /// <summary>Lets all members go on together, and writes the generations of all.</summary>
    private async Task DecideAsync(JointMove together, StageLog stages, CancellationToken cancellationToken)
    {
        try
        {
            if (!await together.AllNear || !await stages.TryEnterAsync(FailoverStages.Drain, cancellationToken))
            {
                together.Stay(null);
                return;
            }

            together.Drain();
            if (!await together.AllReady || !await stages.TryEnterAsync(FailoverStages.HandOver, cancellationToken))
            {
                together.Stay(null);
                return;
            }
        }
        catch (OperationCanceledException)
        {
            together.Stay("The daemon stops.");
            return;
        }

        if (together.Decide() is not { } ready)
        {
            return;
        }

        try
        {
            var (generations, why) = await WriteAsync(ready, stages);
            if (generations is null)
            {
                together.Refuse(why);
            }
            else
            {
                together.Written(generations);
            }
        }
        catch (Exception e)
        {
            // Were they written after all, the holds are void, and whoever looks at an operation again finds it done.
            together.Refuse(e.Message);
        }
    }

    private async ValueTask<(Dictionary<string, Generation>? Generations, string Why)> WriteAsync(IReadOnlyList<ReadyVolume> ready, StageLog stages)
    {
        var ids = ready.ToDictionary(r => r.Current.VolumeId, _ => site.Ids.NewUuid(), StringComparer.Ordinal);
        return await site.DecideAsync<(Dictionary<string, Generation>?, string)>(
            Self,
            transaction =>
            {
                var view = StateView.Of(transaction);
                if (stages.IsAborted(transaction) || ready.Any(r => r.Stages.IsAborted(transaction)))
                {
                    return (null, "It was aborted.");
                }

                if (ready.FirstOrDefault(r => Generations.Primary(view, r.Current.VolumeId)?.Current.Id != r.Current.Id) is { } moved)
                {
                    return (null, $"Volume {moved.Current.VolumeId} was promoted at another site meanwhile.");
                }

                var generations = new Dictionary<string, Generation>(StringComparer.Ordinal);
                foreach (var volume in ready)
                {
                    var (volumeId, current) = (volume.Current.VolumeId, volume.Current);
                    Handover.Clear(transaction, volumeId);
                    var next = new Generation(volumeId, current.Number + 1, ids[volumeId], volume.ToSite, volume.Number, current.Id, Planned: true);
                    Generations.Write(transaction, next);
                    volume.Stages.Write(transaction, FailoverStages.Promote);
                    generations[volumeId] = next;
                }

                stages.Write(transaction, FailoverStages.Promote);
                return (generations, "");
            },
            CancellationToken.None);
    }

    private static void StayIfOneFailed(JointMove together, MoveReport report)
    {
        if (report.Volumes.FirstOrDefault(v => v.State == MoveLine.Failed) is { } failed)
        {
            together.Stay($"Volume {failed.VolumeName ?? failed.VolumeId}: {failed.Reason}");
        }
    }

    private OperationResult Stayed(Operation operation, string groupName, string why, Refusal? refusal = null)
    {
        var reason = $"No volume of group {groupName} was moved. {why} Site {site.SiteName} goes on as the primary of those that are there.";
        return OperationEntity.Find(StateView.Of(site.Replica), operation.Id) is { CancelRequested: true }
            ? OperationResult.Cancelled(reason)
            : refusal is null ? OperationResult.Failed($"{reason} Ask again when that is mended.")
            : OperationResult.Refused(refusal with { Message = reason, NextStep = refusal.NextStep ?? "Ask again when that is mended." });
    }
}
