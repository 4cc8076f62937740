using System.CommandLine;
using System.CommandLine.Help;

namespace Skerry.Blocks.Tool;

/// <summary>Every verb: the table of contents of the program.</summary>
internal static class ToolCommands
{
    public static RootCommand Build()
    {
        var root = new RootCommand(
            "A block store of its own, without a site: make volumes, serve one over NBD, snapshot it, and check what is stored.\n"
            + "Exit codes: 0 done, 1 failed or damage found, 2 usage, 3 not found, 4 refused (in use, exists, newer format).")
        {
            new CreateCommand(),
            new ListCommand(),
            new DeleteCommand(),
            new ExportCommand(),
            new Command("snapshot", "Snapshots of a volume.") { new SnapshotCreateCommand(), new SnapshotListCommand(), new SnapshotDeleteCommand() },
            new CheckCommand(),
            new InfoCommand(),
        };
        foreach (var help in root.Options.OfType<HelpOption>())
        {
            help.Action = new HelpWithExamples((HelpAction)help.Action!);
        }

        return root;
    }
}
