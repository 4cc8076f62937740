namespace Skerry.Cli.Volume;

internal sealed class VolumeDemoteCommand() : RecoveryCommand(
    "demote",
    "Make the primary a replica. No copy takes writes until one is promoted.",
    Takes.Drain,
    "skerry volume demote data --wait");
