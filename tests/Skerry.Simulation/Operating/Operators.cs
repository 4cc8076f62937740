using Skerry.Domain;
using Skerry.Domain.Operations;
using Skerry.Simulation.Checking;
using Skerry.Simulation.Runs;
using Skerry.Simulation.Sites;
using Skerry.State.Merging;
using Skerry.State.Storage;
using Skerry.TestKit.Domain;

namespace Skerry.Simulation.Operating;

/// <summary>
/// In some runs the sites also carry out operations, with the real reconciler and a handler that counts: none may be begun twice,
/// whatever dies in between, and each must come to an end.
/// </summary>
/// <remarks>What the reconcilers write is not told to the history beforehand, so it is no part of what that expects.</remarks>
internal sealed class Operators(World world)
{
    private static readonly Actor Admin = new("admin", "user-admin", "project-admin", ["admin", "member", "reader"]);

    private readonly Dictionary<string, int> _begun = [];
    private readonly HashSet<string> _acknowledged = [];

    private World World => world;

    /// <summary>Operations that were begun.</summary>
    public int Begun => _begun.Count;

    /// <summary>A process of the site is up: it works from now on until it dies.</summary>
    public void Started(SimulatedSite site)
    {
        var life = site.Life;
        var context = new SiteContext(site.Replica!, site.Id, $"site-{site.Index}", "region", site.Clock, new SeededIds(world.Chance.Source.Next()));
        var reconciler = new OperationReconciler(context, [new CountingHandler(this, site)]);
        Keep(site, life, reconciler);
        if (!world.IsHealing)
        {
            Request(site, life, context, new OperationService(context));
        }
    }

    /// <summary>No operation waits or runs any more at a member.</summary>
    public bool AreDone(SimulatedSite site)
    {
        var members = world.Members.Select(member => member.Id.ToString()).ToHashSet();
        return site.Replica!.List(EntityKinds.Operation)
            .All(entity => entity.GetString("status") is not ("queued" or "running") || !members.Contains(entity.GetString("target_site") ?? ""));
    }

    public void Require(SimulatedSite site)
    {
        var lost = _acknowledged.FirstOrDefault(id => site.Replica!.Find(new EntityKey(EntityKinds.Operation, id)) is null);
        if (lost is not null)
        {
            throw new SimulationException($"Operation {lost} was accepted, and no site knows it.");
        }

        // The other way round there may be one that was to be begun when its site died.
        foreach (var entity in site.Replica!.List(EntityKinds.Operation).Where(entity => _begun.ContainsKey(entity.Id)))
        {
            if (!entity.TryGet("started_at", out _))
            {
                throw new SimulationException($"Operation {entity.Id} was begun, and its record does not say so: {entity.GetString("status")}.");
            }
        }
    }

    private void Keep(SimulatedSite site, int life, OperationReconciler reconciler) => world.Time.After(world.Between(0.2, 1.5), async () =>
    {
        if (life != site.Life)
        {
            return;
        }

        var before = site.Replica!.Vector;
        try
        {
            await reconciler.StepAsync(CancellationToken.None);
        }
        catch (StateStoreException fault)
        {
            world.StoreFailed(site, life, fault);
        }

        if (life == site.Life)
        {
            if (!ReferenceEquals(before, site.Replica!.Vector))
            {
                world.Changed(site);
            }

            Keep(site, life, reconciler);
        }
    });

    private void Request(SimulatedSite site, int life, SiteContext context, OperationService service) => world.Time.After(world.Plan.WritePause * 3, async () =>
    {
        if (life != site.Life || world.IsHealing)
        {
            return;
        }

        Request(site, life, context, service);
        var chance = world.Chance;
        var request = new OperationRequest(
            "count", new EntityKey("volume", $"v{chance.Below(2)}"), chance.Pick(world.Founders.ToList()).Id.ToString(), FieldValue.Null)
        {
            Deadline = chance.OneIn(3) ? context.Now + world.Between(1, 30) : null,
        };
        try
        {
            _acknowledged.Add(await context.DecideAsync(Admin, transaction => service.Enqueue(transaction, request, Admin), CancellationToken.None));
        }
        catch (StateStoreException fault)
        {
            world.StoreFailed(site, life, fault);
        }

        if (life == site.Life)
        {
            world.Changed(site);
        }
    });

    private sealed class CountingHandler(Operators operators, SimulatedSite site) : IOperationHandler
    {
        public string Kind => "count";

        public async ValueTask<OperationResult> RunAsync(Operation operation, CancellationToken cancellationToken)
        {
            var times = operators._begun[operation.Id] = operators._begun.GetValueOrDefault(operation.Id) + 1;
            if (times > 1 || operation.TargetSite != site.Id.ToString())
            {
                operators.Fail($"Operation {operation.Id} for site {operation.TargetSite} was begun {times} times, now at {site.Id}.");
            }

            RequireOrder(operation);
            var chance = operators.World.Chance;
            await operators.World.Time.Delay(operators.World.Between(0, 2));
            return chance.Below(6) switch
            {
                0 => throw new InvalidOperationException("The driver broke."),
                1 => OperationResult.Failed("The driver would not."),
                _ => OperationResult.Succeeded(),
            };
        }

        public async ValueTask<OperationResult> ReconcileAsync(Operation operation, CancellationToken cancellationToken)
        {
            await operators.World.Time.Delay(operators.World.Between(0, 1));
            return OperationResult.OutcomeUnknown("nobody saw what came of it");
        }

        /// <summary>Those that its maker knew on the same entity come first.</summary>
        private void RequireOrder(Operation operation)
        {
            foreach (var earlier in operation.After)
            {
                if (site.Replica?.Find(new EntityKey(EntityKinds.Operation, earlier))?.GetString("status") is "queued" or "running")
                {
                    operators.Fail($"Operation {operation.Id} was begun before {earlier}, which it comes after.");
                }
            }
        }
    }

    /// <summary>Not thrown here: the reconciler would take it for a fault of the driver.</summary>
    private void Fail(string message) => world.Time.After(TimeSpan.Zero, (Action)(() => throw new SimulationException(message)));
}
