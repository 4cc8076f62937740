using System.CommandLine;
using Skerry.Cli.Output;
using Skerry.Client.Native.Wire;

namespace Skerry.Cli.Volume;

internal sealed class VolumeSetCommand : DataCommand
{
    private readonly Argument<string> _volume = VolumeArgument.Create();
    private readonly Option<string> _name = new("--name") { Description = "New name.", HelpName = "NAME" };
    private readonly Option<string> _description = new("--description") { Description = "New description.", HelpName = "TEXT" };
    private readonly Option<string[]> _property = PropertyOption.Create();

    public VolumeSetCommand()
        : base(
            "set",
            "Change a volume's name, description or properties; properties that are not named stay.",
            "skerry volume set data --name database",
            "skerry volume set data --property tier=gold --property owner=anna")
    {
        Arguments.Add(_volume);
        Options.Add(_name);
        Options.Add(_description);
        Options.Add(_property);
        Validators.Add(result =>
        {
            if (result.GetResult(_name) is null && result.GetResult(_description) is null && result.GetResult(_property) is null)
            {
                result.AddError("Say what to change: --name, --description or --property.");
            }
        });
    }

    public override IView View => VolumeView.Volume;

    protected override async Task<int> RunAsync(Invocation invocation, CancellationToken cancellationToken)
    {
        var properties = PropertyOption.Parse(invocation.Get(_property) ?? []);
        var volume = await invocation.Names.VolumeAsync(invocation.Get(_volume), cancellationToken);
        Dictionary<string, string>? metadata = null;
        if (properties.Count > 0)
        {
            metadata = new Dictionary<string, string>(volume.Metadata ?? new Dictionary<string, string>(), StringComparer.Ordinal);
            foreach (var (key, value) in properties)
            {
                metadata[key] = value;
            }
        }

        var reply = await invocation.Client.Volumes.UpdateAsync(
            volume.Id, new VolumeUpdateRequest(invocation.Get(_name), invocation.Get(_description), metadata), cancellationToken);
        return await VolumeOutcome.PrintAsync(invocation, reply, cancellationToken);
    }
}
