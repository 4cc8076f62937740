using System.CommandLine;
using Skerry.Cli.Output;

namespace Skerry.Cli.Quota;

internal sealed class QuotaShowCommand : DataCommand
{
    private readonly Argument<string?> _project = new("PROJECT")
    {
        Description = "Name or id of the project; else your own.",
        Arity = ArgumentArity.ZeroOrOne,
    };

    public QuotaShowCommand()
        : base("show", "Show a project's limits, and how much of them is used.", "skerry quota show", "skerry quota show web -f json") =>
        Arguments.Add(_project);

    public override IView View => QuotaView.Quota;

    protected override async Task<int> RunAsync(Invocation invocation, CancellationToken cancellationToken)
    {
        var project = invocation.Get(_project) is { } name ? await invocation.Names.ProjectAsync(name, cancellationToken) : null;
        var usage = await invocation.Client.Quotas.ShowAsync(project?.Id, cancellationToken);
        invocation.Print(
            QuotaView.Quota,
            (IReadOnlyList<QuotaRow>)
            [
                new("volumes", usage.Volumes?.Limit, usage.Volumes?.InUse),
                new("gigabytes", usage.Gigabytes?.Limit, usage.Gigabytes?.InUse),
                new("snapshots", usage.Snapshots?.Limit, usage.Snapshots?.InUse),
            ]);
        return ExitCodes.Done;
    }
}
