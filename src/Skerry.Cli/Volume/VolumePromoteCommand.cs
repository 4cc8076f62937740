namespace Skerry.Cli.Volume;

internal sealed class VolumePromoteCommand() : RecoveryCommand(
    "promote",
    "Make a replica writable, after its primary was demoted; or, with --force, when that is lost.",
    Takes.To | Takes.Force,
    "skerry volume promote data --to south --wait",
    "skerry volume promote data --to south --force",
    "skerry volume promote data --to south --force --snapshot run-20270131T220000Z --dry-run");
