using System.CommandLine;
using Skerry.Cli.Output;

namespace Skerry.Cli.Plan;

internal sealed class PlanListCommand() : DataCommand("list", "Show recovery plans.", "skerry plan list")
{
    public override IView View => PlanView.Plan;

    protected override async Task<int> RunAsync(Invocation invocation, CancellationToken cancellationToken)
    {
        invocation.Print(PlanView.Plan, await invocation.Client.Plans.ListAsync(cancellationToken));
        return ExitCodes.Done;
    }
}

internal sealed class PlanShowCommand : DataCommand
{
    private readonly Argument<string> _name = new("PLAN") { Description = "Name of the plan." };

    public PlanShowCommand()
        : base("show", "Show a recovery plan.", "skerry plan show north-lost", "skerry plan show north-lost -f yaml") => Arguments.Add(_name);

    public override IView View => PlanView.Plan;

    protected override async Task<int> RunAsync(Invocation invocation, CancellationToken cancellationToken)
    {
        invocation.Print(PlanView.Plan, await invocation.Client.Plans.ShowAsync(invocation.Get(_name), cancellationToken));
        return ExitCodes.Done;
    }
}

internal sealed class PlanDeleteCommand : SkerryCommand
{
    private readonly Argument<string> _name = new("PLAN") { Description = "Name of the plan." };

    public PlanDeleteCommand()
        : base("delete", "Delete a recovery plan. What it moved stays.", "skerry plan delete north-lost") => Arguments.Add(_name);

    protected override async Task<int> RunAsync(Invocation invocation, CancellationToken cancellationToken)
    {
        await invocation.Client.Plans.DeleteAsync(invocation.Get(_name), cancellationToken);
        invocation.Talk.Say($"Plan {invocation.Get(_name)} is deleted.");
        return ExitCodes.Done;
    }
}

internal sealed class PlanSetCommand : DataCommand
{
    private readonly Option<string> _file = new("--file")
    {
        Description = "YAML with name and site, and, where wanted, to, parallel, steps (each with name, groups, volumes), skip, rest and on_failure.",
        HelpName = "FILE",
        Required = true,
    };

    public PlanSetCommand()
        : base("set", "Make a recovery plan, or replace the one of that name, from a file.", "skerry plan set --file north-lost.yaml") => Options.Add(_file);

    public override IView View => PlanView.Plan;

    protected override async Task<int> RunAsync(Invocation invocation, CancellationToken cancellationToken)
    {
        var (name, request) = PlanFile.Read(Path.Combine(invocation.Surroundings.WorkingDirectory, invocation.Get(_file)!));
        invocation.Print(PlanView.Plan, await invocation.Client.Plans.SetAsync(name, request, cancellationToken));
        return ExitCodes.Done;
    }
}
