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

    public QuotaSetCommand()
        : base("set", "Change a project's limits (administrators).", "skerry quota set web --volumes 50 --gigabytes 2000")
    {
        Arguments.Add(_project);
        Options.Add(_volumes);
        Options.Add(_gigabytes);
        Options.Add(_snapshots);
        Validators.Add(result =>
        {
            if (result.GetResult(_volumes) is null && result.GetResult(_gigabytes) is null && result.GetResult(_snapshots) is null)
            {
                result.AddError("Say what to change: --volumes, --gigabytes or --snapshots.");
            }
        });
    }

    public override IView View => QuotaView.Quota;

    protected override async Task<int> RunAsync(Invocation invocation, CancellationToken cancellationToken)
    {
        var project = await invocation.Names.ProjectAsync(invocation.Get(_project), cancellationToken);
        var limits = await invocation.Client.Quotas.SetAsync(
            project.Id,
            new QuotaRecord(null, invocation.Get(_volumes), invocation.Get(_gigabytes), invocation.Get(_snapshots)),
            cancellationToken);
        invocation.Print(
            QuotaView.Quota,
            (IReadOnlyList<QuotaRow>)
            [
                new("volumes", limits.Volumes, null),
                new("gigabytes", limits.Gigabytes, null),
                new("snapshots", limits.Snapshots, null),
            ]);
        return ExitCodes.Done;
    }
}
