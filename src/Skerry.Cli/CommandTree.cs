using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using Skerry.Cli.Alert;
using Skerry.Cli.Backend;
using Skerry.Cli.Conflict;
using Skerry.Cli.Event;
using Skerry.Cli.Group;
using Skerry.Cli.Operation;
using Skerry.Cli.Plan;
using Skerry.Cli.Project;
using Skerry.Cli.Quota;
using Skerry.Cli.Replication;
using Skerry.Cli.Site;
using Skerry.Cli.Snapshot;
using Skerry.Cli.User;
using Skerry.Cli.Volume;

namespace Skerry.Cli;

/// <summary>Every noun with its verbs: the table of contents of the command line.</summary>
internal static class CommandTree
{
    public static RootCommand Build()
    {
        var root = new RootCommand("Volumes of a cloud of many sites: make them, replicate them, and bring them up elsewhere.")
        {
            Noun(
                "site",
                "Sites: locations with one daemon each.",
                new SiteListCommand(),
                new SiteShowCommand(),
                new SiteInviteCommand(),
                new SiteJoinCommand(),
                new SiteDisconnectCommand(),
                new SiteConnectCommand(),
                new SiteFailCommand(),
                new SiteFenceCommand(),
                new SiteEvictCommand(),
                new SiteAcceptCommand(),
                new SiteReinstateCommand(),
                new SiteRevokeCommand(),
                new SiteRotateCertificateCommand(),
                new SiteLinksCommand(),
                new SiteInvitationsCommand(),
                new SiteRevokeInvitationCommand(),
                new SiteFailoverCommand(),
                new SiteFailbackCommand()),
            Noun("backend", "Places for volumes at sites, and their space.", new BackendListCommand(), new BackendShowCommand()),
            Noun(
                "volume",
                "Volumes, and where they are primary.",
                new VolumeCreateCommand(),
                new VolumeListCommand(),
                new VolumeShowCommand(),
                new VolumeSetCommand(),
                new VolumeExtendCommand(),
                new VolumeRevertCommand(),
                new VolumeCheckCommand(),
                new VolumeUsageCommand(),
                new VolumeDeleteCommand(),
                new VolumeConnectCommand(),
                new VolumeDisconnectCommand(),
                new VolumeConnectionsCommand(),
                new VolumePromoteCommand(),
                new VolumeDemoteCommand(),
                new VolumeResyncCommand(),
                new VolumeFailoverCommand(),
                new VolumeFailbackCommand(),
                Noun(
                    "drill",
                    "Failovers that are only tried, with a clone.",
                    new DrillStartCommand(),
                    new DrillListCommand(),
                    new DrillShowCommand(),
                    new DrillStopCommand()),
                Noun("type", "Volume types.", new VolumeTypeListCommand())),
            Noun(
                "snapshot",
                "Snapshots, those that keep what diverged included.",
                new SnapshotCreateCommand(),
                new SnapshotListCommand(),
                new SnapshotShowCommand(),
                new SnapshotDeleteCommand(),
                new SnapshotConnectCommand(),
                new SnapshotDiffCommand()),
            Noun(
                "replication",
                "Relations of volumes with their replicas.",
                new ReplicationCreateCommand(),
                new ReplicationListCommand(),
                new ReplicationShowCommand(),
                new ReplicationSetCommand(),
                new ReplicationHistoryCommand(),
                new ReplicationSyncCommand(),
                new ReplicationPauseCommand(),
                new ReplicationResumeCommand(),
                new ReplicationRetargetCommand(),
                new ReplicationDeleteCommand(),
                Noun(
                    "trash",
                    "Replicas that outlived their volume or their replication.",
                    new TrashListCommand(),
                    new TrashRestoreCommand(),
                    new TrashPurgeCommand())),
            Noun(
                "group",
                "Consistency groups: volumes that are cut at one instant, and recovered at one.",
                new GroupCreateCommand(),
                new GroupListCommand(),
                new GroupShowCommand(),
                new GroupAddCommand(),
                new GroupRemoveCommand(),
                new GroupDeleteCommand(),
                new GroupReplicateCommand(),
                new GroupSyncCommand(),
                new GroupPromoteCommand(),
                new GroupFailoverCommand(),
                new GroupFailbackCommand(),
                Noun(
                    "drill",
                    "Failovers of groups that are only tried, with clones at one instant.",
                    new GroupDrillStartCommand(),
                    new GroupDrillListCommand(),
                    new GroupDrillShowCommand(),
                    new GroupDrillStopCommand())),
            Noun(
                "plan",
                "Recovery plans: what moves, and in which order, when a site is lost.",
                new PlanSetCommand(),
                new PlanListCommand(),
                new PlanShowCommand(),
                new PlanDeleteCommand()),
            Noun(
                "operation",
                "Requests that their target site carries out.",
                new OperationListCommand(),
                new OperationShowCommand(),
                new OperationWaitCommand(),
                new OperationCancelCommand()),
            Noun("alert", "What stands at a site and should be looked at.", new AlertListCommand(), new AlertShowCommand()),
            Noun("event", "What happened at a site, as its journal has it.", new EventListCommand()),
            Noun(
                "conflict",
                "Writes that had not seen each other.",
                new ConflictListCommand(),
                new ConflictShowCommand(),
                new ConflictResolveCommand(),
                new ConflictHistoryCommand(),
                new ConflictUndoCommand()),
            Noun("user", "Users.", new UserCreateCommand(), new UserListCommand(), new UserSetCommand(), new UserDeleteCommand()),
            Noun("project", "Projects.", new ProjectCreateCommand(), new ProjectListCommand(), new ProjectDeleteCommand()),
            Noun("quota", "Limits of projects.", new QuotaShowCommand(), new QuotaSetCommand()),
        };
        foreach (var option in SharedOptions.Global)
        {
            root.Options.Add(option);
        }

        foreach (var help in root.Options.OfType<HelpOption>())
        {
            help.Action = new HelpWithExamples((HelpAction)help.Action!);
        }

        return root;
    }

    /// <summary>skerry volume create.</summary>
    public static string PathOf(Command command)
    {
        var names = new List<string>();
        for (var at = command; at is not RootCommand; at = at.Parents.OfType<Command>().First())
        {
            names.Add(at.Name);
        }

        names.Add("skerry");
        names.Reverse();
        return string.Join(' ', names);
    }

    private static Command Noun(string name, string description, params ReadOnlySpan<Command> verbs)
    {
        var noun = new Command(name, description);
        foreach (var verb in verbs)
        {
            noun.Subcommands.Add(verb);
        }

        return noun;
    }
}

/// <summary>The usual help, and then how the verb is used.</summary>
internal sealed class HelpWithExamples(HelpAction help) : SynchronousCommandLineAction
{
    public override bool ClearsParseErrors => true;

    public override int Invoke(ParseResult parseResult)
    {
        help.Invoke(parseResult);
        if (parseResult.CommandResult.Command is SkerryCommand { Examples: { Count: > 0 } examples } command)
        {
            var output = parseResult.InvocationConfiguration.Output;
            if (command is DataCommand data)
            {
                output.WriteLine("Columns:");
                output.WriteLine("  " + string.Join(' ', data.View.Columns.Select(column => column.Name)));
                output.WriteLine();
            }

            output.WriteLine("Examples:");
            foreach (var example in examples)
            {
                output.WriteLine("  " + example);
            }

            output.WriteLine();
        }

        return ExitCodes.Done;
    }
}
