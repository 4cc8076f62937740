using System.CommandLine;

namespace Skerry.Cli.Replication;

internal static class ReplicationArgument
{
    public static Argument<string> Create() => new("REPLICATION")
    {
        Description = "Id of the replication, or name or id of its volume when that has only one.",
    };
}
