using Skerry.Client.Native.Wire;

namespace Skerry.Cli.Volume;

/// <summary>Ends a verb that changes a volume: follows the work when asked to, says where it stands otherwise, prints the volume.</summary>
internal static class VolumeOutcome
{
    public static async Task<int> PrintAsync(Invocation invocation, VolumeReply reply, CancellationToken cancellationToken)
    {
        var volume = reply.Volume;
        if (invocation.IsWaiting)
        {
            volume = await invocation.Waits.ForVolumeAsync(volume.Id, reply.OperationId, cancellationToken);
        }
        else if (reply.OperationId is { } operation)
        {
            invocation.Talk.Say($"Accepted. Follow it with: skerry operation wait {operation}");
        }

        invocation.Print(VolumeView.Volume, volume);
        return ExitCodes.Done;
    }
}
