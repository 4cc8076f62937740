using System.CommandLine;
using Skerry.Cli.Output;
using Skerry.Client.Native.Wire;

namespace Skerry.Cli.Quota;

internal sealed class QuotaSetCommand : DataCommand
{
    private readonly Argument<string> _project = new("PROJECT") { Description = "Name or id of the project." };
    private readonly Option<long?> _volumes = new("--volumes") { Description = "Number of volumes; -1 is no limit.", HelpName = "N" };
    private readonly Option<long?> _gigabytes = new("--gigabytes") { Description = "Sum of their sizes in GiB; -1 is no limit.", HelpName = "N" };
    private readonly Option<long?> _snapshots = new("--snapshots") { Description = "Number of snapshots; -1 is no limit.", HelpName = "N" };
    private readonly Option<bool> _hard = new("--hard") { Description = "Each site grants out of its own share, so that sites never pass a limit together; what a site's share does not allow is refused there." };
    private readonly Option<bool> _soft = new("--soft") { Description = "Each site grants by what it knows; apart, sites may pass a limit together, and the overrun is shown afterwards." };
    private readonly Option<string?> _home = new("--home") { Description = "The site that shares a hard quota out. Only the present one hands that on, or anyone once it is fenced.", HelpName = "SITE" };

    public QuotaSetCommand()
        : base("set", "Change a project's limits, and how they hold while sites are apart (administrators).", "skerry quota set web --volumes 50 --gigabytes 2000", "skerry quota set web --hard")
    {
        Arguments.Add(_project);
        Options.Add(_volumes);
        Options.Add(_gigabytes);
        Options.Add(_snapshots);
        Options.Add(_hard);
        Options.Add(_soft);
        Options.Add(_home);
        Validators.Add(result =>
        {
            if (new Option[] { _volumes, _gigabytes, _snapshots, _hard, _soft, _home }.All(o => result.GetResult(o) is null))
            {
                result.AddError("Say what to change: --volumes, --gigabytes, --snapshots, --hard, --soft or --home.");
            }

            if (result.GetResult(_hard) is not null && result.GetResult(_soft) is not null)
            {
                result.AddError("A quota is either --hard or --soft.");
            }
        });
    }

    public override IView View => QuotaView.Quota;

    protected override async Task<int> RunAsync(Invocation invocation, CancellationToken cancellationToken)
    {
        var project = await invocation.Names.ProjectAsync(invocation.Get(_project), cancellationToken);
        bool? hard = invocation.Get(_hard) ? true : invocation.Get(_soft) ? false : null;
        var quota = await invocation.Client.Quotas.SetAsync(
            project.Id,
            new QuotaSetRequest(
                invocation.Get(_volumes), invocation.Get(_gigabytes), invocation.Get(_snapshots), hard, invocation.Get(_home)),
            cancellationToken);
        invocation.Print(QuotaView.Quota, QuotaRow.Of(quota));
        return ExitCodes.Done;
    }
}
