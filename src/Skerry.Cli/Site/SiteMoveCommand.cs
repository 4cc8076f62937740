using System.CommandLine;
using System.Globalization;
using Skerry.Cli.Output;
using Skerry.Cli.Plan;
using Skerry.Client.Native.Wire;

namespace Skerry.Cli.Site;

/// <summary>
/// Moves all of a site. The preview is said before anything is asked for; while it runs each volume is told of as it is done; in the end
/// the report is printed, a line for each volume.
/// </summary>
internal abstract class SiteMoveCommand : DataCommand
{
    private readonly Argument<string> _site = SiteArgument.Create();

    private readonly Option<string> _to = new("--to") { Description = "Where to; else where each volume has its replica.", HelpName = "SITE" };

    private readonly Option<string> _plan = new("--plan")
    {
        Description = "The recovery plan to go by; else groups first, then the volumes that are in none.",
        HelpName = "PLAN",
    };

    private readonly Option<bool> _force = new("--force")
    {
        Description = "Without the consent of the site, which must be out of reach; what the replicas have not received is lost.",
    };

    private readonly Option<bool> _noFence = new("--no-fence")
    {
        Description = "With --force: the fence_command of the sites that promote is not run, because it is certain that the lost site cannot write. The operation records it.",
    };

    private readonly Option<bool> _drain = new("--drain") { Description = "End the connections of writers instead of refusing because of them." };

    private readonly Option<bool> _dryRun = new("--dry-run") { Description = "Say what would be done, and do nothing." };

    private readonly string _verb;

    protected SiteMoveCommand(string verb, string description, params IReadOnlyList<string> examples)
        : base(verb, description, examples)
    {
        _verb = verb;
        Arguments.Add(_site);
        if (verb == "failover")
        {
            Options.Add(_to);
            Options.Add(_force);
            Options.Add(_noFence);
        }

        Options.Add(_plan);
        Options.Add(_drain);
        Options.Add(_dryRun);
        Options.Add(SharedOptions.Yes);
        Options.Add(SharedOptions.Wait);
    }

    public override IView View => PlanView.Line;

    protected override async Task<int> RunAsync(Invocation invocation, CancellationToken cancellationToken)
    {
        if (invocation.Get(_noFence) && !invocation.Get(_force))
        {
            throw new UsageException("--no-fence goes with --force only.");
        }

        var site = await invocation.Names.SiteAsync(invocation.Get(_site), cancellationToken);
        var request = new SiteMoveRequest(invocation.Get(_to), invocation.Get(_plan), invocation.Get(_force), invocation.Get(_drain))
        {
            NoFence = invocation.Get(_noFence) ? true : null,
        };
        var preview = await invocation.Client.Plans.PreviewAsync(site.Id, _verb, request, cancellationToken);
        invocation.Talk.Say(Summary(preview));
        if (invocation.Get(_dryRun))
        {
            invocation.Print(PlanView.Line, preview.Volumes);
            return ExitCodes.Done;
        }

        if (preview.Refusal is null)
        {
            invocation.Talk.Confirm(
                request.Force == true ? $"{_verb} of {site.Name} by force, and lose that?" : $"Begin {_verb} of {site.Name}?",
                invocation.Get(SharedOptions.Yes) || request.Force != true);
        }

        var reply = await invocation.Client.Plans.MoveAsync(site.Id, _verb, request, cancellationToken);
        if (reply.OperationId is not { } id)
        {
            invocation.Talk.Say($"There is nothing to do: {preview.Refusal?.Message ?? "everything is where it belongs."}");
            invocation.Print(PlanView.Line, reply.Preview.Volumes);
            return ExitCodes.Done;
        }

        if (!invocation.IsWaiting)
        {
            invocation.Talk.Say($"Accepted. Follow it with: skerry operation wait {id}");
            invocation.Print(PlanView.Line, reply.Preview.Volumes);
            return ExitCodes.Done;
        }

        return await FollowAsync(invocation, id, cancellationToken);
    }

    private async Task<int> FollowAsync(Invocation invocation, string id, CancellationToken cancellationToken)
    {
        invocation.Pending = $"Follow it with: skerry operation wait {id}";
        var operation = await invocation.Client.Operations.ShowAsync(id, cancellationToken);
        while (!operation.IsOver)
        {
            var told = MoveLineRecord.Of(operation.Result);
            var over = told.Count(l => l.State is "done" or "failed" or "skipped");
            invocation.Talk.Progress(
                $"{over}", $"{over} of {told.Count} volumes, {told.Count(l => l.State == "moving")} under way, {told.Count(l => l.State == "failed")} failed");
            await Task.Delay(TimeSpan.FromMilliseconds(250), invocation.Surroundings.Time, cancellationToken);
            operation = await invocation.Client.Operations.ShowAsync(id, cancellationToken);
        }

        invocation.Pending = null;
        var sites = (await invocation.Client.Sites.ListAsync(cancellationToken)).ToDictionary(s => s.Id, s => s.Name, StringComparer.Ordinal);
        invocation.Print(
            PlanView.Line,
            MoveLineRecord.Of(operation.Result).Select(l => l with { ToSite = l.ToSite is { } to ? sites.GetValueOrDefault(to, to) : null }).ToList());
        return operation.Status == "succeeded"
            ? ExitCodes.Done
            : throw new DidNotSucceedException(operation.Reason ?? operation.Status, $"More: skerry operation show {id}");
    }

    private static string Summary(SitePreviewRecord preview)
    {
        var (moving, skipped) = (preview.Volumes.Count(l => l.State != "skipped"), preview.Volumes.Count(l => l.State == "skipped"));
        var text = $"{moving} volumes move"
            + (skipped > 0 ? $", {skipped} are left out" : "")
            + (preview.OwedBytes > 0 ? $"; at least {Quantity.Bytes(preview.OwedBytes)} are owed" : "")
            + (preview.Forced && preview.LossSeconds is { } loss
                ? string.Create(CultureInfo.InvariantCulture, $"; what was written in the last {loss:0.0} s, or since, may be lost")
                : preview.Forced ? "; how much is lost is not known" : "; nothing is lost")
            + (preview.EstimatedSeconds is { } seconds ? string.Create(CultureInfo.InvariantCulture, $"; about {Math.Ceiling(seconds)} s.") : ".");
        return preview.Refusal is { } refusal ? $"{text} {refusal.Message}" : text;
    }
}

internal sealed class SiteFailoverCommand() : SiteMoveCommand(
    "failover",
    "Move everything that is primary at a site: planned, with nothing lost; or, with --force, when the site is lost.",
    "skerry site failover north --dry-run",
    "skerry site failover north --to south --wait",
    "skerry site failover north --plan north-lost --force --yes --wait");

internal sealed class SiteFailbackCommand() : SiteMoveCommand(
    "failback", "Bring home everything whose home is a site, planned.", "skerry site failback north --dry-run", "skerry site failback north --wait");
