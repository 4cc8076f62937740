using System.CommandLine;
using Skerry.Cli.Operation;
using Skerry.Cli.Output;
using Skerry.Client.Native.Wire;

namespace Skerry.Cli.Group;

/// <summary>
/// A verb that moves a group's primary. What may be lost is said before anything is asked for that may lose it; where no person can be
/// asked, <c>--force</c> is the consent.
/// </summary>
internal abstract class GroupMoveCommand : DataCommand
{
    private readonly Argument<string> _group = GroupArgument.Create();

    private readonly Option<string> _to = new("--to") { Description = "The site; not needed where only one can be.", HelpName = "SITE" };

    private readonly Option<bool> _force = new("--force")
    {
        Description = "Without the consent of the present primaries, which must be out of reach: all volumes return to the newest instant that all replicas have.",
    };

    private readonly Option<bool> _drain = new("--drain") { Description = "End the connections of writers instead of refusing because of them." };

    private readonly Option<bool> _allowMissing = new("--allow-missing")
    {
        Description = "With --force: promote volumes that lack that instant as they are; then the group is of different instants.",
    };

    private readonly Option<bool> _noFence = new("--no-fence")
    {
        Description = "With --force: the site's fence_command is not run, because it is certain that the old primaries cannot write. The operation records it.",
    };

    private readonly Option<string> _cut = new("--cut")
    {
        Description = "With --force: the instant to return to, one of the group's recovery_points; else the newest.",
        HelpName = "CUT",
    };

    private readonly Option<bool> _abort = new("--abort")
    {
        Description = "Undo the planned failover that is under way, which works until its stage promote: all volumes stay.",
    };

    private readonly string _verb;

    protected GroupMoveCommand(string verb, string description, bool takesForce, bool takesDrain, params IReadOnlyList<string> examples)
        : base(verb, description, examples)
    {
        _verb = verb;
        Arguments.Add(_group);
        Options.Add(_to);
        if (takesForce)
        {
            Options.Add(_force);
            Options.Add(_allowMissing);
            Options.Add(_cut);
            Options.Add(_noFence);
            Options.Add(SharedOptions.Yes);
        }

        if (takesDrain)
        {
            Options.Add(_drain);
            Options.Add(_abort);
        }

        Options.Add(SharedOptions.Wait);
    }

    public override IView View => OperationView.Operation;

    protected override async Task<int> RunAsync(Invocation invocation, CancellationToken cancellationToken)
    {
        if (!invocation.Get(_force) && (invocation.Get(_noFence) || invocation.Get(_cut) is not null))
        {
            throw new UsageException($"{(invocation.Get(_noFence) ? "--no-fence" : "--cut")} goes with --force only.");
        }

        if (invocation.Get(_abort))
        {
            return invocation.Get(_to) is null && !invocation.Get(_force)
                ? await AbortAsync(invocation, cancellationToken)
                : throw new UsageException("--abort goes with no other option than --wait.");
        }

        var cut = invocation.Get(_cut);
        var group = await invocation.Client.Groups.ShowAsync(invocation.Get(_group), cancellationToken);
        var (to, force, allowMissing) = (invocation.Get(_to), invocation.Get(_force), invocation.Get(_allowMissing));
        if (force)
        {
            var preview = await invocation.Client.Groups.PreviewAsync(group.Id, to, force: true, allowMissing, cut, cancellationToken);
            if (preview.Refusal is { } refusal)
            {
                throw new Client.Native.RefusedException(refusal);
            }

            if (preview.FromSite != preview.ToSite)
            {
                invocation.Talk.Say(preview.Summary);
                invocation.Talk.Confirm($"Promote group {group.Name} at {preview.ToSite} and lose that?", invocation.Get(SharedOptions.Yes));
            }
        }

        var reply = await invocation.Client.Groups.RecoverAsync(
            group.Id, _verb,
            new GroupRecoveryRequest(to, force, invocation.Get(_drain), allowMissing)
            {
                NoFence = invocation.Get(_noFence) ? true : null,
                CutId = cut,
            },
            cancellationToken);
        if (reply.OperationId is not { } id)
        {
            invocation.Talk.Say($"Group {group.Name} is primary at {reply.Site} already.");
            invocation.Print(
                OperationView.Operation,
                OperationView.Nothing($"group.{_verb}", "group", group.Id, reply.Site, $"{_verb} is done at {reply.Site}."));
            return ExitCodes.Done;
        }

        OperationRecord operation;
        if (invocation.IsWaiting)
        {
            operation = await invocation.Waits.ForOperationAsync(id, cancellationToken);
            invocation.Talk.Say($"Group {group.Name}: {_verb} is done. {reply.Preview.Summary}");
        }
        else
        {
            invocation.Talk.Say($"Accepted. Follow it with: skerry operation wait {id}");
            operation = await invocation.Client.Operations.ShowAsync(id, cancellationToken);
        }

        invocation.Print(OperationView.Operation, operation);
        return ExitCodes.Done;
    }

    private async Task<int> AbortAsync(Invocation invocation, CancellationToken cancellationToken)
    {
        var operation = await invocation.Client.Groups.AbortFailoverAsync(invocation.Get(_group)!, cancellationToken);
        if (invocation.IsWaiting)
        {
            operation = await invocation.Waits.UntilOverAsync(operation.Id, cancellationToken);
        }

        invocation.Print(OperationView.Operation, operation);
        return operation.Status is "succeeded" or "failed"
            ? throw new Client.Native.RefusedException(new ErrorRecord(
                409, "state", $"It was too late to abort: the failover of group {invocation.Get(_group)} {operation.Status}.", "Fail back, if the primaries are to return."))
            : ExitCodes.Done;
    }
}

internal sealed class GroupFailoverCommand() : GroupMoveCommand(
    "failover",
    "Move the primaries of all volumes of a group: planned, with nothing lost; or, with --force, at the group's recovery point.",
    takesForce: true,
    takesDrain: true,
    "skerry group failover database --wait",
    "skerry group failover database --force --yes --wait");

internal sealed class GroupFailbackCommand() : GroupMoveCommand(
    "failback", "Bring the primaries of all volumes of a group home, planned.", takesForce: false, takesDrain: true, "skerry group failback database --wait");

internal sealed class GroupPromoteCommand() : GroupMoveCommand(
    "promote",
    "Make the replicas of a group primary at its recovery point; with --force, since the old primaries never said that they stopped.",
    takesForce: true,
    takesDrain: false,
    "skerry group promote database --to south --force --yes --wait");
