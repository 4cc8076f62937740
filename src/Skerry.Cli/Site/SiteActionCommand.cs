using System.CommandLine;
using Skerry.Cli.Output;
using Skerry.Client.Native.Wire;

namespace Skerry.Cli.Site;

/// <summary>A verb by which a person decides about a site, and may say why.</summary>
internal abstract class SiteActionCommand : DataCommand
{
    private readonly Argument<string> _site = SiteArgument.Create();
    private readonly Option<string> _reason = new("--reason") { Description = "Why, for others to read.", HelpName = "TEXT" };
    private readonly string _verb;

    protected SiteActionCommand(string verb, string description, params IReadOnlyList<string> examples)
        : base(verb, description, examples)
    {
        _verb = verb;
        Arguments.Add(_site);
        Options.Add(_reason);
    }

    public override IView View => SiteView.Site;

    /// <summary>Asked of a person before it is done; null where nothing can go wrong by it.</summary>
    protected virtual string? Question(SiteRecord site) => null;

    protected virtual SiteActionRequest Request(Invocation invocation) => new(invocation.Get(_reason), null);

    protected override async Task<int> RunAsync(Invocation invocation, CancellationToken cancellationToken)
    {
        var site = await invocation.Names.SiteAsync(invocation.Get(_site), cancellationToken);
        if (Question(site) is { } question)
        {
            invocation.Talk.Confirm(question, invocation.Get(SharedOptions.Yes));
        }

        invocation.Print(SiteView.Site, await invocation.Client.Sites.ActAsync(site.Id, _verb, Request(invocation), cancellationToken));
        return ExitCodes.Done;
    }
}
