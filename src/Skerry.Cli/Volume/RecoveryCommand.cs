using System.CommandLine;
using System.Text.Json;
using Skerry.Cli.Operation;
using Skerry.Cli.Output;
using Skerry.Client.Native.Wire;

namespace Skerry.Cli.Volume;

/// <summary>
/// A verb that moves a volume's primary. What may be lost is said before anything is asked for that may lose it; where no person
/// can be asked, <c>--force</c> is the consent.
/// </summary>
internal abstract class RecoveryCommand : DataCommand
{
    private readonly Argument<string> _volume = VolumeArgument.Create();

    private readonly Option<string> _to = new("--to")
    {
        Description = "The site whose copy is meant; not needed where only one can be.",
        HelpName = "SITE",
    };

    private readonly Option<bool> _force = new("--force")
    {
        Description = "Without the consent of the present primary, which must be out of reach; what the replica has not received is lost.",
    };

    private readonly Option<bool> _noFence = new("--no-fence")
    {
        Description = "With --force: the site's fence_command is not run, because it is certain that the old primary cannot write. The operation records it.",
    };

    private readonly Option<string> _snapshot = new("--snapshot")
    {
        Description = "With --force: the state to return to, a snapshot or a kept run that the replica's site has; else the newest. What came later is lost.",
        HelpName = "SNAPSHOT",
    };

    private readonly Option<bool> _drain = new("--drain") { Description = "End the connections of writers instead of refusing because of them." };

    private readonly Option<bool> _dryRun = new("--dry-run")
    {
        Description = "Print what it would do and may lose (site, recovery point, loss), and change nothing; exit code 4 when it would be refused.",
    };

    private readonly Option<bool> _abort = new("--abort")
    {
        Description = "Undo the planned failover that is under way, which works until its stage promote.",
    };

    private readonly string _verb;

    protected RecoveryCommand(string verb, string description, Takes takes, params IReadOnlyList<string> examples)
        : base(verb, description, examples)
    {
        _verb = verb;
        Arguments.Add(_volume);
        AddIf(takes.HasFlag(Takes.To), _to);
        AddIf(takes.HasFlag(Takes.Force), _force);
        AddIf(takes.HasFlag(Takes.Force), _noFence);
        AddIf(takes.HasFlag(Takes.Force), _snapshot);
        AddIf(takes.HasFlag(Takes.Drain), _drain);
        AddIf(takes.HasFlag(Takes.Force), SharedOptions.Yes);
        AddIf(takes.HasFlag(Takes.Force), _dryRun);
        AddIf(takes.HasFlag(Takes.Abort), _abort);
        Options.Add(SharedOptions.Wait);
    }

    [Flags]
    protected enum Takes
    {
        None = 0,
        To = 1,
        Force = 2,
        Drain = 4,
        Abort = 8,
    }

    public override IView View => OperationView.Operation;

    protected override async Task<int> RunAsync(Invocation invocation, CancellationToken cancellationToken)
    {
        var volume = await invocation.Names.VolumeAsync(invocation.Get(_volume), cancellationToken);
        var (to, force) = (invocation.Get(_to), invocation.Get(_force));
        if (invocation.Get(_noFence) && !force)
        {
            throw new UsageException("--no-fence goes with --force only.");
        }

        if (invocation.Get(_snapshot) is not null && !force)
        {
            throw new UsageException("--snapshot goes with --force only.", "A planned move loses nothing, and returns to no snapshot.");
        }

        if (invocation.Get(_abort))
        {
            return to is null && !force && !invocation.Get(_dryRun)
                ? await AbortAsync(invocation, volume, cancellationToken)
                : throw new UsageException("--abort goes with no other option than --wait.");
        }

        var snapshotId = invocation.Get(_snapshot) is { } named ? (await invocation.Names.SnapshotAsync(named, cancellationToken, volume.Id)).Id : null;
        if (invocation.Get(_dryRun))
        {
            return await TellAsync(invocation, volume, to, force, snapshotId, cancellationToken);
        }

        if (force)
        {
            // Of several copies the one that was shown is the one that is meant.
            to = await WarnAsync(invocation, volume, to, snapshotId, cancellationToken);
        }

        var reply = await invocation.Client.Volumes.RecoverAsync(
            volume.Id, _verb,
            new RecoveryRequest(to, force, invocation.Get(_drain)) { NoFence = invocation.Get(_noFence) ? true : null, SnapshotId = snapshotId },
            cancellationToken);
        if (reply.OperationId is not { } id)
        {
            invocation.Talk.Say($"Volume {volume.Name ?? volume.Id}: done at {reply.Site}.");
            invocation.Print(
                OperationView.Operation,
                OperationView.Nothing($"volume.{_verb}", "volume", volume.Id, reply.Site, $"{_verb} is done at {reply.Site}."));
            return ExitCodes.Done;
        }

        OperationRecord operation;
        if (invocation.IsWaiting)
        {
            operation = await invocation.Waits.ForOperationAsync(id, cancellationToken);
            if (Loss(operation) is { } loss)
            {
                invocation.Talk.Say($"Volume {volume.Name ?? volume.Id}: {_verb} is done. {loss}");
            }
        }
        else
        {
            invocation.Talk.Say($"Accepted. Follow it with: skerry operation wait {id}");
            operation = await invocation.Client.Operations.ShowAsync(id, cancellationToken);
        }

        invocation.Print(OperationView.Operation, operation);
        return ExitCodes.Done;
    }

    /// <summary>What the site that carried it out says of what was lost; null where nothing could be.</summary>
    private static string? Loss(OperationRecord operation) =>
        operation.Result is { ValueKind: JsonValueKind.Object } result
        && result.TryGetProperty("loss", out var loss) && loss.ValueKind == JsonValueKind.String
            ? loss.GetString()
            : null;

    private static async Task<int> AbortAsync(Invocation invocation, VolumeRecord volume, CancellationToken cancellationToken)
    {
        var reply = await invocation.Client.Volumes.AbortFailoverAsync(volume.Id, cancellationToken);
        var operation = invocation.IsWaiting
            ? await invocation.Waits.UntilOverAsync(reply.OperationId!, cancellationToken)
            : await invocation.Client.Operations.ShowAsync(reply.OperationId!, cancellationToken);
        invocation.Print(OperationView.Operation, operation);
        return operation.Status is "succeeded" or "failed"
            ? throw new Client.Native.RefusedException(new ErrorRecord(
                409, "state", $"It was too late to abort: the failover of {volume.Name ?? volume.Id} {operation.Status}.", "Fail back, if the primary is to return."))
            : ExitCodes.Done;
    }

    private async Task<int> TellAsync(
        Invocation invocation, VolumeRecord volume, string? to, bool force, string? snapshotId, CancellationToken cancellationToken)
    {
        var preview = await invocation.Client.Volumes.PreviewAsync(volume.Id, _verb, to, force, cancellationToken, snapshotId);
        invocation.Print(RecoveryPreviewView.Preview, preview);
        return preview.Refusal is { } refusal ? throw new Client.Native.RefusedException(refusal) : ExitCodes.Done;
    }

    /// <returns>The site that was shown.</returns>
    private async Task<string?> WarnAsync(
        Invocation invocation, VolumeRecord volume, string? to, string? snapshotId, CancellationToken cancellationToken)
    {
        var preview = await invocation.Client.Volumes.PreviewAsync(volume.Id, _verb, to, force: true, cancellationToken, snapshotId);
        if (preview.Refusal is { } refusal)
        {
            throw new Client.Native.RefusedException(refusal);
        }

        if (preview.Choice is { } choice)
        {
            invocation.Talk.Say(choice);
        }

        if (preview.FromSite == preview.ToSite)
        {
            return to ?? preview.ToSite;
        }

        invocation.Talk.Say(preview.Summary);
        invocation.Talk.Confirm($"Promote {volume.Name ?? volume.Id} at {preview.ToSite} and lose that?", invocation.Get(SharedOptions.Yes));
        return to ?? preview.ToSite;
    }

    private void AddIf(bool wanted, Option option)
    {
        if (wanted)
        {
            Options.Add(option);
        }
    }
}
