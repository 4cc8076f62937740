namespace Skerry.Cli.Volume;

internal sealed class VolumeResyncCommand() : RecoveryCommand(
    "resync",
    "Set aside as a snapshot what a copy wrote apart from the primary, and follow the primary again.",
    Takes.To,
    "skerry volume resync data --wait",
    "skerry volume resync data --to north");
