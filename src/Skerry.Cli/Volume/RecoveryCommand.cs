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

    private readonly Option<bool> _drain = new("--drain") { Description = "End the connections of writers instead of refusing because of them." };

    private readonly string _verb;

    protected RecoveryCommand(string verb, string description, Takes takes, params IReadOnlyList<string> examples)
        : base(verb, description, examples)
    {
        _verb = verb;
        Arguments.Add(_volume);
        AddIf(takes.HasFlag(Takes.To), _to);
        AddIf(takes.HasFlag(Takes.Force), _force);
        AddIf(takes.HasFlag(Takes.Force), _noFence);
        AddIf(takes.HasFlag(Takes.Drain), _drain);
        AddIf(takes.HasFlag(Takes.Force), SharedOptions.Yes);
        Options.Add(SharedOptions.Wait);
    }

    [Flags]
    protected enum Takes
    {
        None = 0,
        To = 1,
        Force = 2,
        Drain = 4,
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

        if (force)
        {
            await WarnAsync(invocation, volume, to, cancellationToken);
        }

        var reply = await invocation.Client.Volumes.RecoverAsync(
            volume.Id, _verb, new RecoveryRequest(to, force, invocation.Get(_drain)) { NoFence = invocation.Get(_noFence) ? true : null }, cancellationToken);
        if (reply.OperationId is not { } id)
        {
            invocation.Talk.Say($"Volume {volume.Name ?? volume.Id}: done at {reply.Site}.");
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

    private async Task WarnAsync(Invocation invocation, VolumeRecord volume, string? to, CancellationToken cancellationToken)
    {
        var preview = await invocation.Client.Volumes.PreviewAsync(volume.Id, _verb, to, force: true, cancellationToken);
        if (preview.Refusal is { } refusal)
        {
            throw new Client.Native.RefusedException(refusal);
        }

        invocation.Talk.Say(preview.Summary);
        invocation.Talk.Confirm($"Promote {volume.Name ?? volume.Id} at {preview.ToSite} and lose that?", invocation.Get(SharedOptions.Yes));
    }

    private void AddIf(bool wanted, Option option)
    {
        if (wanted)
        {
            Options.Add(option);
        }
    }
}
