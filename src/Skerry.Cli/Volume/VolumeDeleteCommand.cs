using System.CommandLine;

namespace Skerry.Cli.Volume;

internal sealed class VolumeDeleteCommand : SkerryCommand
{
    private readonly Argument<string[]> _volumes = new("VOLUME")
    {
        Description = "Names or ids of the volumes.",
        Arity = ArgumentArity.OneOrMore,
    };

    private readonly Option<bool> _cascade = new("--cascade") { Description = "With their snapshots." };

    public VolumeDeleteCommand()
        : base("delete", "Delete volumes.", "skerry volume delete data", "skerry volume delete data-1 data-2 --cascade --wait")
    {
        Arguments.Add(_volumes);
        Options.Add(_cascade);
        Options.Add(SharedOptions.Wait);
    }

    protected override async Task<int> RunAsync(Invocation invocation, CancellationToken cancellationToken)
    {
        // All names are looked up first, so that a mistyped one deletes nothing.
        var volumes = new List<Client.Native.Wire.VolumeRecord>();
        foreach (var name in invocation.Get(_volumes))
        {
            volumes.Add(await invocation.Names.VolumeAsync(name, cancellationToken));
        }

        foreach (var volume in volumes)
        {
            var reply = await invocation.Client.Volumes.DeleteAsync(volume.Id, invocation.Get(_cascade), cancellationToken);
            if (reply.OperationId is { } operation && invocation.IsWaiting)
            {
                await invocation.Waits.ForOperationAsync(operation, cancellationToken);
            }
            else if (reply.OperationId is { } follow)
            {
                invocation.Talk.Say($"Accepted. Follow it with: skerry operation wait {follow}");
                continue;
            }

            invocation.Talk.Say($"Volume {volume.Name ?? volume.Id} is deleted.");
        }

        return ExitCodes.Done;
    }
}
