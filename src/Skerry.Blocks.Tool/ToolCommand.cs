using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using Skerry.Blocks.Encryption;

namespace Skerry.Blocks.Tool;

/// <summary>A verb: what it takes, what it is for, and how it is used.</summary>
internal abstract class ToolCommand : Command
{
    /// <param name="examples">Whole command lines, shown in the help.</param>
    protected ToolCommand(string name, string description, params IReadOnlyList<string> examples)
        : base(name, description)
    {
        Examples = examples;
        Arguments.Add(StoreDirectory);
        SetAction((parsed, cancellationToken) => RunAsync(parsed, parsed.GetValue(StoreDirectory)!, cancellationToken));
    }

    public IReadOnlyList<string> Examples { get; }

    protected static Option<string> Format()
    {
        var option = new Option<string>("--format", "-f") { Description = "How to print: text or json.", DefaultValueFactory = _ => "text" };
        return option.AcceptOnlyFromAmong("text", "json");
    }

    protected abstract Task<int> RunAsync(ParseResult parsed, string directory, CancellationToken cancellationToken);

    /// <summary>Opens a store that is there; only <c>create</c> makes one.</summary>
    protected static ValueTask<BlockStore> OpenAsync(string directory, CancellationToken cancellationToken, KeyHolder? key = null) => BlockStore.Exists(directory)
        ? BlockStore.OpenAsync(new BlockStoreOptions { Directory = directory, KeyHolder = key }, cancellationToken)
        : throw new BlockException(BlockError.NotFound, $"there is no block store in {Path.GetFullPath(directory)}; make one with: skerry-blocks create {directory} NAME --size SIZE");

    private Argument<string> StoreDirectory { get; } = new("DIR") { Description = "The store's directory." };
}

/// <summary>The usual help, and then how the verb is used.</summary>
internal sealed class HelpWithExamples(HelpAction help) : SynchronousCommandLineAction
{
    public override bool ClearsParseErrors => true;

    public override int Invoke(ParseResult parseResult)
    {
        help.Invoke(parseResult);
        if (parseResult.CommandResult.Command is ToolCommand command)
        {
            parseResult.InvocationConfiguration.Output.WriteLine($"Examples:\n{string.Join('\n', command.Examples.Select(example => "  " + example))}\n");
        }

        return ExitCodes.Done;
    }
}
