using System.CommandLine;
using Skerry.Cli.Output;
using Skerry.Client.Native.Wire;

namespace Skerry.Cli.Replication;

internal sealed class ReplicationCreateCommand : DataCommand
{
    private readonly Argument<string> _volume = new("VOLUME") { Description = "Name or id of the volume." };

    private readonly Option<string> _to = new("--to")
    {
        Description = "Site of the replica, and its backend there when it is not the site's only one.",
        HelpName = "SITE[@BACKEND]",
        Required = true,
    };

    private readonly Option<string> _from = new("--from")
    {
        Description = "Site whose replica of the volume is passed on; else the volume itself is replicated.",
        HelpName = "SITE",
    };

    private readonly SettingsOptions _settings = new(isNew: true);

    private readonly Option<string?> _adopt = new("--adopt")
    {
        Description = "The target holds the data already: in the named volume, which was demoted and stays as it is, or without a name in a copy "
            + "of this very volume, which is made equal. Both are read, and only what differs moves.",
        HelpName = "VOLUME_AT_TARGET",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private readonly Option<bool> _ciphertextOnly = new("--ciphertext-only")
    {
        Description = "The target gets an encrypted volume's blocks and never its key: it can read nothing of them, and cannot be promoted.",
    };

    public ReplicationCreateCommand()
        : base(
            "create",
            "Keep a replica of a volume at another site.",
            "skerry replication create data --to south --mode instant --wait",
            "skerry replication create data --to south --ack replica --on-isolation stop",
            "skerry replication create data --to south@ssd --mode periodic --interval 15m",
            "skerry replication create data --to south --mode periodic --interval 1d --start 2027-01-31T22:00",
            "skerry replication create data --to south --mode periodic --at 02:30 --days mon-fri --time-zone Europe/Berlin",
            "skerry replication create data --to archive --from south",
            "skerry replication create data --to south --mode periodic --interval 1h --keep-target count=24,age=7d",
            "skerry replication create data --to south --adopt data-seed",
            "skerry replication create secrets --to rented --ciphertext-only")
    {
        Arguments.Add(_volume);
        Options.Add(_to);
        Options.Add(_from);
        _settings.AddTo(this);
        Options.Add(_adopt);
        Options.Add(_ciphertextOnly);
        Options.Add(SharedOptions.Wait);
    }

    public override IView View => ReplicationView.Replication;

    protected override async Task<int> RunAsync(Invocation invocation, CancellationToken cancellationToken)
    {
        var (siteName, backend) = Target(invocation.Get(_to)!);
        var settings = _settings.ReadNew(invocation);
        var volume = await invocation.Names.VolumeAsync(invocation.Get(_volume), cancellationToken);
        var site = await invocation.Names.SiteAsync(siteName, cancellationToken);
        if (backend is not null && site.Backends is { Count: > 0 } backends && backends.All(b => b.Name != backend))
        {
            throw new NotFoundException(
                $"Site {site.Name} has no backend {backend}.", $"It has {string.Join(", ", backends.Select(b => b.Name))}.");
        }

        var adopt = await AdoptAsync(invocation, volume, site, cancellationToken);
        var reply = await invocation.Client.Replications.CreateAsync(
            new ReplicationCreateRequest(settings)
            {
                VolumeId = volume.Id,
                TargetSite = site.Id,
                TargetBackend = backend,
                FromSite = invocation.Get(_from) is { } from ? (await invocation.Names.SiteAsync(from, cancellationToken)).Id : null,
                Adopt = adopt,
                CiphertextOnly = invocation.Get(_ciphertextOnly) ? true : null,
            },
            cancellationToken);
        var replication = reply.Replication;
        if (invocation.IsWaiting)
        {
            if (reply.OperationId is { } operation)
            {
                await invocation.Waits.ForOperationAsync(operation, cancellationToken);
            }

            replication = await invocation.Waits.ForReplicaAsync(replication.Id, null, cancellationToken);
        }

        invocation.Print(ReplicationView.Replication, replication);
        return ExitCodes.Done;
    }

    /// <summary>Id of the volume whose data the replica begins with; says what will be written over.</summary>
    private async Task<string?> AdoptAsync(Invocation invocation, VolumeRecord volume, SiteRecord target, CancellationToken cancellationToken)
    {
        if (!invocation.Has(_adopt))
        {
            return null;
        }

        var seed = invocation.Get(_adopt) is { } named ? await invocation.Names.VolumeAsync(named, cancellationToken) : volume;
        invocation.Talk.Say(seed.Id == volume.Id
            ? $"What the copy of {volume.Name ?? volume.Id} at site {target.Name} has and the volume has not is written over."
            : $"The replica begins as a clone of {seed.Name ?? seed.Id}; that volume stays as it is. What the clone has and "
                + $"{volume.Name ?? volume.Id} has not is written over.");
        return seed.Id;
    }

    internal static (string Site, string? Backend) Target(string text)
    {
        var at = text.IndexOf('@', StringComparison.Ordinal);
        var (site, backend) = at < 0 ? (text, null) : (text[..at], text[(at + 1)..]);
        return site.Length == 0 || backend is { Length: 0 }
            ? throw new UsageException($"--to {text} is not SITE or SITE@BACKEND.")
            : (site, backend);
    }
}
