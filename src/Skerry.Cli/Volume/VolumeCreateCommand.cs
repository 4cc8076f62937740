using System.CommandLine;
using Skerry.Cli.Output;
using Skerry.Client.Native.Wire;

namespace Skerry.Cli.Volume;

internal sealed class VolumeCreateCommand : DataCommand
{
    private readonly Argument<string> _name = new("NAME") { Description = "Name of the new volume." };

    private readonly Option<long?> _size = new("--size")
    {
        Description = "Size; without it that of the source.",
        HelpName = "GIB",
    };

    private readonly Option<string> _type = new("--type") { Description = "Volume type.", HelpName = "TYPE" };

    private readonly Option<string> _site = new("--site")
    {
        Description = "The site that holds it; else the one that is asked. Ordered and carried out when that site is reached.",
        HelpName = "SITE",
    };

    private readonly Option<string> _description = new("--description") { Description = "Free text.", HelpName = "TEXT" };
    private readonly Option<bool> _encrypted = new("--encrypted") { Description = "Encrypt its blocks where they are stored. A copy is as its source is." };
    private readonly Option<string[]> _property = PropertyOption.Create();
    private readonly Option<string> _sourceVolume = new("--source-volume") { Description = "Start as a copy of this volume.", HelpName = "VOLUME" };
    private readonly Option<string> _snapshot = new("--snapshot") { Description = "Start as a copy of this snapshot.", HelpName = "SNAPSHOT" };

    public VolumeCreateCommand()
        : base(
            "create",
            "Make a volume.",
            "skerry volume create data --size 2 --wait",
            "skerry volume create data --size 100 --site south --type native",
            "skerry volume create copy --snapshot before-upgrade",
            "skerry volume create ledger --size 10 --encrypted",
            "ID=$(skerry volume create data --size 2 -f value -c id)")
    {
        Arguments.Add(_name);
        Options.Add(_size);
        Options.Add(_type);
        Options.Add(_site);
        Options.Add(_description);
        Options.Add(_property);
        Options.Add(_encrypted);
        Options.Add(_sourceVolume);
        Options.Add(_snapshot);
        Options.Add(SharedOptions.Wait);
        Validators.Add(result =>
        {
            var hasSource = result.GetResult(_sourceVolume) is not null;
            var hasSnapshot = result.GetResult(_snapshot) is not null;
            if (hasSource && hasSnapshot)
            {
                result.AddError("Give either --source-volume or --snapshot.");
            }

            if (result.GetResult(_size) is null && !hasSource && !hasSnapshot)
            {
                result.AddError("Give a size in GiB with --size.");
            }
        });
    }

    public override IView View => VolumeView.Volume;

    protected override async Task<int> RunAsync(Invocation invocation, CancellationToken cancellationToken)
    {
        var source = invocation.Get(_sourceVolume) is { } volume ? await invocation.Names.VolumeAsync(volume, cancellationToken) : null;
        var snapshot = invocation.Get(_snapshot) is { } name ? await invocation.Names.SnapshotAsync(name, cancellationToken) : null;
        var site = invocation.Get(_site) is { } wanted ? await invocation.Names.SiteAsync(wanted, cancellationToken) : null;
        var properties = invocation.Get(_property);
        var request = new VolumeCreateRequest(
            invocation.Get(_name),
            invocation.Get(_description),
            invocation.Get(_size) ?? source?.SizeGib ?? snapshot?.SizeGib,
            invocation.Get(_type),
            site?.Id,
            source?.Id,
            snapshot?.Id,
            properties is { Length: > 0 } ? PropertyOption.Parse(properties) : null,
            invocation.Get(_encrypted) ? true : null);
        var reply = await invocation.Client.Volumes.CreateAsync(request, cancellationToken);
        return await VolumeOutcome.PrintAsync(invocation, reply, cancellationToken);
    }
}
