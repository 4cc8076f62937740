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
        : base("show", "Show a project's limits, how much of them is used, and which sites hold what of a hard one.", "skerry quota show", "skerry quota show web -f json") =>
        Arguments.Add(_project);

    public override IView View => QuotaView.Quota;

    protected override async Task<int> RunAsync(Invocation invocation, CancellationToken cancellationToken)
    {
        var project = invocation.Get(_project) is { } name ? await invocation.Names.ProjectAsync(name, cancellationToken) : null;
        invocation.Print(QuotaView.Quota, QuotaRow.Of(await invocation.Client.Quotas.ShowAsync(project?.Id, cancellationToken)));
        return ExitCodes.Done;
    }
}
