namespace Skerry.Cli.Volume;

internal sealed class VolumeFailoverCommand() : RecoveryCommand(
    "failover",
    "Move the primary to the replica's site: planned, with nothing lost; or, with --force, when the primary is lost. Says first what may be lost.",
    Takes.To | Takes.Force | Takes.Drain | Takes.Abort,
    "skerry volume failover data --to south --wait",
    "skerry volume failover data --force --dry-run -f json",
    "skerry volume failover data --abort",
    "skerry volume failover data --force --wait",
    "skerry volume failover data --force --yes -f json");
