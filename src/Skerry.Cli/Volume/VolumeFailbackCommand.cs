namespace Skerry.Cli.Volume;

internal sealed class VolumeFailbackCommand() : RecoveryCommand(
    "failback",
    "Bring the primary back to the site where the replication was made, with nothing lost.",
    Takes.To | Takes.Drain,
    "skerry volume failback data --wait",
    "skerry volume failback data --drain --wait");
