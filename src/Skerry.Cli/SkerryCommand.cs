using System.CommandLine;

namespace Skerry.Cli;

/// <summary>A verb: what it takes, what it is for, and how it is used.</summary>
internal abstract class SkerryCommand : Command
{
    /// <param name="examples">Whole command lines, shown in the help.</param>
    protected SkerryCommand(string name, string description, params IReadOnlyList<string> examples)
        : base(name, description)
    {
        Examples = examples;
        SetAction(async (parsed, cancellationToken) =>
        {
            var surroundings = ((SkerryInvocationConfiguration)parsed.InvocationConfiguration).Surroundings;
            using var invocation = new Invocation(parsed, surroundings, cancellationToken);
            return await invocation.RunAsync(RunAsync);
        });
    }

    public IReadOnlyList<string> Examples { get; }

    protected abstract Task<int> RunAsync(Invocation invocation, CancellationToken cancellationToken);
}

/// <summary>A verb that prints records on standard output.</summary>
internal abstract class DataCommand : SkerryCommand
{
    protected DataCommand(string name, string description, params IReadOnlyList<string> examples)
        : base(name, description, examples)
    {
        Options.Add(SharedOptions.Format);
        Options.Add(SharedOptions.Column);
    }

    /// <summary>The names that <c>-c</c> takes, for the help and the reference.</summary>
    public abstract Output.IView View { get; }
}
