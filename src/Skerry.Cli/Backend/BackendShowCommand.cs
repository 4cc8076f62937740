using System.CommandLine;
using Skerry.Cli.Output;

namespace Skerry.Cli.Backend;

internal sealed class BackendShowCommand : DataCommand
{
    private readonly Argument<string> _backend = new("BACKEND") { Description = "SITE@BACKEND, or the backend's name when only one site has one of that name." };

    public BackendShowCommand()
        : base("show", "Show a backend and its space (administrators).", "skerry backend show ssd", "skerry backend show south@ssd -f json") =>
        Arguments.Add(_backend);

    public override IView View => BackendView.Backend;

    protected override async Task<int> RunAsync(Invocation invocation, CancellationToken cancellationToken)
    {
        var wanted = invocation.Get(_backend);
        var all = (await invocation.Client.Sites.ListAsync(cancellationToken)).SelectMany(BackendView.Of).ToList();
        var found = all.Where(backend => wanted == backend.Name || wanted == $"{backend.Site}@{backend.Name}").ToList();
        invocation.Print(
            BackendView.Backend,
            found.Count switch
            {
                1 => found[0],
                0 => throw new NotFoundException($"There is no backend {wanted}.", "`skerry backend list` shows what there is."),
                _ => throw new UsageException(
                    $"{found.Count} sites have a backend {wanted}: {string.Join(", ", found.Select(backend => backend.Site))}.", $"Say which: {found[0].Site}@{wanted}."),
            });
        return ExitCodes.Done;
    }
}
