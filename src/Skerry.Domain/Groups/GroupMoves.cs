using System.Collections.Concurrent;
using Skerry.Domain.Operations;
using Skerry.Domain.Recovery;
using Skerry.Domain.Replication;
using Skerry.Domain.Volumes;
using Skerry.State.Merging;

namespace Skerry.Domain.Groups;

/// <summary>The kinds of operation that move a group's primary.</summary>
public static class GroupOperations
{
    /// <summary>At the site of the primaries: hands all members over.</summary>
    public const string HandOver = "group.handover";

    /// <summary>At the site of the replicas: returns all members to one cut, and promotes them.</summary>
    public const string Promote = "group.promote";

    /// <summary>At the site of the replicas: tries a failover with clones of all members.</summary>
    public const string StartDrill = "group_drill.start";

    /// <summary>There: drops the clones.</summary>
    public const string StopDrill = "group_drill.stop";

    /// <summary>The handlers of all of these.</summary>
    public static IReadOnlyList<IOperationHandler> Handlers(
        SiteContext site, RecoveryService recovery, IEnumerable<IMarkKeeper> keepers, VolumeDrivers drivers, ExportRegistry exports,
        JointMoves joint, IExternalFence? fence = null)
    {
        var marks = new GroupMarks([.. keepers]);
        return
        [
            new GroupHandOverHandler(site, recovery, joint),
            new GroupPromoteHandler(site, recovery, marks, fence ?? new NoExternalFence()),
            new StartGroupDrillHandler(site, drivers, marks),
            new StopGroupDrillHandler(site, drivers, exports),
        ];
    }
}

/// <summary>What a move of a group was asked for.</summary>
/// <param name="ToSite">Where to, as a site id.</param>
/// <param name="Drain">Whether attached writers are to be cut off; planned moves only.</param>
/// <param name="AllowMissing">Whether members without the group's recovery point are promoted as they are; forced moves only.</param>
internal sealed record GroupMoveParameters(string ToSite, bool Drain, bool AllowMissing)
{
    /// <summary>The cut to promote at; null for the newest that all have.</summary>
    public string? CutId { get; init; }

    /// <summary>A person takes it on himself that the old primaries' site is not fenced first.</summary>
    public bool WithoutFence { get; init; }
}

/// <summary>
/// Makes the copies of all members here primary, at the newest cut that all of them have.
/// </summary>
/// <remarks>
/// The steps follow from the report. First the cut is chosen and written down, with the write that each member stands at there; it is
/// refused as a whole while a member lacks it, before anything is changed, and so it is when the old primaries are not fenced. Then all
/// members return to the cut, and no source is let in any more; then each is promoted at that write or not at all. A crash in between goes on with the same cut: it is kept for as long
/// as not all members are primary here.
/// </remarks>
internal sealed class GroupPromoteHandler(SiteContext site, RecoveryService recovery, GroupMarks marks, IExternalFence fence) : IOperationHandler
{
    private const int Parallelism = 16;
    private static readonly Actor Self = Actor.System("groups");

    public string Kind => GroupOperations.Promote;

    public async ValueTask<OperationResult> RunAsync(Operation operation, CancellationToken cancellationToken)
    {
        var state = StateView.Of(site.Replica);
        if (operation.Parameters.Deserialize(GroupJson.Default.GroupMoveParameters) is not { } wanted
            || Group.Find(state, operation.Entity.Id) is not { } group)
        {
            return OperationResult.Failed("The group was deleted before it was promoted.");
        }

        var driver = new MoveDriver(site, Parallelism);
        if (MoveDriver.Known(operation) is not { } report)
        {
            var chosen = await ChooseAsync(state, group, wanted, cancellationToken);
            if (chosen.IsRefused)
            {
                return OperationResult.Refused(chosen.Refusal! with { Message = $"{chosen.Refusal!.Message} Nothing was changed." });
            }

            report = chosen.Value;
            await driver.SaveAsync(operation.Id, report, cancellationToken);
            await FailPoint.ReachAsync(GroupMoments.CutChosen, site);
        }

        if (await FenceAsync(operation, report, wanted, cancellationToken) is { } unfenced)
        {
            return OperationResult.Failed(unfenced);
        }

        var holds = new List<ReplicaHold>();
        try
        {
            foreach (var line in report.Volumes.Where(v => !v.IsOver && v.Number is not null))
            {
                if (Generations.Primary(StateView.Of(site.Replica), line.VolumeId)?.IsPrimary(site.SelfText) == true)
                {
                    continue;
                }

                var hold = await marks.ReturnAsync(line.VolumeId, new Cut(report.CutId!), cancellationToken);
                holds.AddRange(hold is null ? [] : [hold]);
                if (hold?.Copy?.Number != line.Number)
                {
                    return OperationResult.Failed(
                        $"The copy of volume {line.VolumeId} here does not keep the state at cut {report.CutId} any more. Ask again: another cut is chosen.");
                }

                await FailPoint.ReachAsync(GroupMoments.MemberReturned, site);
            }

            report = await driver.RunAsync(
                operation.Id, report, line => line.VolumeId,
                async (line, token) =>
                {
                    var asked = await recovery.FailoverAsync(
                        Self, new FailoverRequest(line.VolumeId, site.SelfText, IsForced: true)
                        {
                            AtNumber = line.Number,
                            WithoutFence = wanted.WithoutFence,
                            FencedBy = wanted.WithoutFence ? null : operation.Id,
                        },
                        token);
                    await FailPoint.ReachAsync(GroupMoments.MemberBegun, site);
                    return GroupLine.Begun(site, line, asked);
                },
                cancellationToken);
            return GroupLine.End(report);
        }
        catch (DriverException e)
        {
            return OperationResult.Failed(e.Message);
        }
        finally
        {
            holds.ForEach(hold => hold.Dispose());
        }
    }

    public ValueTask<OperationResult> ReconcileAsync(Operation operation, CancellationToken cancellationToken) =>
        RunAsync(operation, cancellationToken);

    /// <summary>Why the members must not be promoted; null when they may. After a crash it is asked again.</summary>
    private async ValueTask<string?> FenceAsync(
        Operation operation, MoveReport report, GroupMoveParameters wanted, CancellationToken cancellationToken)
    {
        var (state, reasons) = (StateView.Of(site.Replica), new ConcurrentQueue<string>());
        await Parallel.ForEachAsync(
            report.Volumes.Where(v => !v.IsOver),
            new ParallelOptions { MaxDegreeOfParallelism = Parallelism, CancellationToken = cancellationToken },
            async (line, token) =>
            {
                if (reasons.IsEmpty && Generations.Primary(state, line.VolumeId) is { } primary && !primary.IsPrimary(site.SelfText)
                    && await FenceStep.RunAsync(
                        fence, site, operation,
                        new RecoveryParameters(primary.Current.Id, site.SelfText, IsForced: true, Drain: false) { WithoutFence = wanted.WithoutFence },
                        primary, token) is { } reason)
                {
                    reasons.Enqueue(reason);
                }
            });
        return reasons.TryDequeue(out var first) ? first : null;
    }

    /// <summary>The newest cut that all have who are not primary here already, or the one that was asked for; or why there is none.</summary>
    private async ValueTask<Outcome<MoveReport>> ChooseAsync(
        StateView state, Group group, GroupMoveParameters wanted, CancellationToken cancellationToken)
    {
        var members = GroupStanding.Of(state, group).Members;
        var here = members.Where(m => m.PrimarySite == site.SelfText).Select(m => m.VolumeId).ToHashSet(StringComparer.Ordinal);
        var kept = await marks.OfAsync(members.Select(m => m.VolumeId).Where(v => !here.Contains(v)), cancellationToken);
        if (kept.Count == 0)
        {
            return Refusal.State($"Site {site.SiteName} is the primary of all volumes of group {group.Name} already.");
        }

        var judged = wanted.AllowMissing
            ? kept.Where(k => k.Value.Any(m => m.IsInHistory)).ToDictionary(k => k.Key, k => k.Value, StringComparer.Ordinal)
            : kept;
        var asked = wanted.CutId is { } text ? Cut.Parse(text) : null;
        var cut = judged.Count > 0 ? asked ?? BrokenOff(state, group, here, judged) ?? GroupPoint.Of(judged).Newest : null;
        if (asked is { } named && judged.FirstOrDefault(k => !k.Value.Any(m => m.Cut == named && m.IsInHistory)).Key is { } without)
        {
            return Refusal.State($"The copy of volume {without} here does not keep cut {asked}.", "Name a cut that all keep, or none for the newest.");
        }

        if (cut is null && !wanted.AllowMissing)
        {
            var lacking = kept.FirstOrDefault(k => !k.Value.Any(m => m.IsInHistory)).Key;
            return Refusal.State(
                lacking is null
                    ? $"There is no cut of group {group.Name} that the copies of all its volumes here have."
                    : $"The copy of volume {lacking} here has no cut of group {group.Name}, so there is no instant to promote all its volumes at.",
                "Promote at another site, or allow members without it to be promoted as they are: then the volumes are of different instants.");
        }

        return new MoveReport(
            "", site.SelfText, IsForced: true, cut?.Id, site.Now, null,
            [
                .. members.Select(m => (
                        m.VolumeId,
                        Mark: cut is { } at && judged.TryGetValue(m.VolumeId, out var own) ? own.FirstOrDefault(k => k.Cut == at && k.IsInHistory) : null))
                    .Select(m => GroupLine.Of(state, group, m.VolumeId, site.SelfText) with
                    {
                        Number = m.Mark?.Number,
                        LossSeconds = (m.Mark?.TakenAtHere ?? cut?.TakenAt) is { } since ? Math.Max(0, (site.Now - since).TotalSeconds) : null,
                    }),
            ]);
    }

    /// <summary>When some members were promoted here at a cut by a move that failed, the others belong at that same cut, if they have it.</summary>
    private static Cut? BrokenOff(
        StateView state, Group group, HashSet<string> here, IReadOnlyDictionary<string, IReadOnlyList<KeptMark>> kept)
    {
        if (here.Count == 0)
        {
            return null;
        }

        var last = state.List(EntityKinds.Operation)
            .Where(e => e.Text("kind") == GroupOperations.Promote && e.Text("entity") == Group.Key(group.Id).ToString())
            .Select(OperationEntity.Read)
            .OrderByDescending(o => o.StartedAt)
            .Select(o => o.Result?.Deserialize(GroupJson.Default.MoveReport))
            .FirstOrDefault(r => r?.CutId is not null && r.Volumes.Any(v => v.State == MoveLine.Done && here.Contains(v.VolumeId)));
        return last is not null && Cut.Parse(last.CutId!) is { } cut && kept.Values.All(own => own.Any(m => m.Cut == cut && m.IsInHistory))
            ? cut
            : null;
    }
}

/// <summary>The moments of a group's promotion, as <see cref="FailPoint"/> names them. What is named was just done.</summary>
public static class GroupMoments
{
    public const string CutChosen = "group.cut-chosen";
    public const string MemberReturned = "group.member-returned";
    public const string MemberBegun = "group.member-begun";
    public const string MemberCloned = "group.member-cloned";
}

/// <summary>What both kinds of move say of a member.</summary>
internal static class GroupLine
{
    public static MoveLine Of(StateView state, Group group, string volumeId, string toSite) =>
        new(volumeId, state.Find(EntityKinds.Volume, volumeId)?.Text("name"), group.Id, 0, toSite, MoveLine.Waiting);

    /// <summary>A volume that is there already is no refusal.</summary>
    public static Outcome<MoveBegun> Begun(SiteContext site, MoveLine line, Outcome<RecoveryTicket> asked) =>
        !asked.IsRefused ? new MoveBegun(asked.Value.OperationId, asked.Value.Preview)
        : Generations.Primary(StateView.Of(site.Replica), line.VolumeId)?.IsPrimary(line.ToSite) == true ? new MoveBegun(null)
        : asked.Refusal!;

    public static OperationResult End(MoveReport report)
    {
        var value = FieldValue.Serialize(report, GroupJson.Default.MoveReport);
        return report.Failures() is { } failures
            ? OperationResult.Failed(failures)
            : OperationResult.Succeeded(value: value);
    }
}
