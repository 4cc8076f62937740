using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Parsing;

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

    /// <summary>What is wrong with a command line, by the names that its help uses; the last line says where that is.</summary>
    public static IEnumerable<string> Mistakes(ParseResult parsed)
    {
        var command = parsed.CommandResult.Command;
        var path = command is RootCommand ? "skerry-blocks" : $"skerry-blocks {string.Join(' ', Nouns(parsed.CommandResult))}";
        var missing = command.Arguments.Where(argument => parsed.GetResult(argument) is not { Tokens.Count: > 0 }).Select(argument => argument.Name).ToList();
        return parsed.Errors.Select(error => error.Message)
            .Where(message => missing.Count == 0 || !message.StartsWith("Required argument missing for command", StringComparison.Ordinal))
            .Concat(missing.Count == 0 ? [] : [$"{path} lacks {string.Join(" and ", missing)}."])
            .Distinct(StringComparer.Ordinal)
            .Append($"Help: {path} --help");
    }

    private static IEnumerable<string> Nouns(CommandResult result) =>
        result.Parent is CommandResult parent ? Nouns(parent).Append(result.Command.Name) : [];
}
