using System.CommandLine;

namespace Skerry.Cli.Volume;

internal sealed class VolumeDisconnectCommand : SkerryCommand
{
    private readonly Argument<string> _volume = VolumeArgument.Create();

    private readonly Argument<string?> _connection = new("CONNECTION")
    {
        Description = "Id of the connection; without it the volume's only one.",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private readonly Option<bool> _all = new("--all") { Description = "End all connections of the volume." };

    public VolumeDisconnectCommand()
        : base(
            "disconnect",
            "End a connection; its URI is void from then on.",
            "skerry volume disconnect data",
            "skerry volume disconnect data --all")
    {
        Arguments.Add(_volume);
        Arguments.Add(_connection);
        Options.Add(_all);
    }

    protected override async Task<int> RunAsync(Invocation invocation, CancellationToken cancellationToken)
    {
        var volume = await invocation.Names.VolumeAsync(invocation.Get(_volume), cancellationToken);
        foreach (var id in await ChosenAsync(invocation, volume.Id, cancellationToken))
        {
            await invocation.Client.Volumes.DisconnectAsync(volume.Id, id, cancellationToken);
            invocation.Talk.Say($"Connection {id} is ended.");
        }

        return ExitCodes.Done;
    }

    private async Task<IReadOnlyList<string>> ChosenAsync(Invocation invocation, string volumeId, CancellationToken cancellationToken)
    {
        if (invocation.Get(_connection) is { } given)
        {
            return [given];
        }

        var all = await invocation.Client.Volumes.ConnectionsAsync(volumeId, cancellationToken);
        if (all.Count > 1 && !invocation.Get(_all))
        {
            throw new UsageException(
                $"Volume {invocation.Get(_volume)} has {all.Count} connections: {string.Join(", ", all.Select(c => c.Id))}.",
                "Name one of them, or give --all.");
        }

        return all.Count > 0 || invocation.Get(_all)
            ? [.. all.Select(connection => connection.Id)]
            : throw new NotFoundException($"Volume {invocation.Get(_volume)} has no connections.");
    }
}
