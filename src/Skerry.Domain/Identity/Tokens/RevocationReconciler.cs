using Skerry.State;
using Skerry.State.Merging;

namespace Skerry.Domain.Identity;

/// <summary>
/// Forgets the revocations that this site made once the tokens have expired everywhere, clocks that disagree included.
/// </summary>
public sealed class RevocationReconciler(SiteContext site) : IReconciler
{
    private static readonly TimeSpan Grace = TimeSpan.FromHours(1);

    public string Name => "revocations";

    public IReadOnlyCollection<string> Kinds { get; } = [IdentityKinds.Revocation];

    public async ValueTask<StepResult> StepAsync(CancellationToken cancellationToken)
    {
        var own = Own(site.Replica.List(IdentityKinds.Revocation)).ToList();
        var trashed = Own(site.Replica.ListDeleted(IdentityKinds.Revocation)).Select(entity => entity.Key).ToList();
        var outlived = own.Where(entity => ForgetAt(entity) <= site.Now).Select(entity => entity.Key).ToList();
        if (outlived.Count > 0 || trashed.Count > 0)
        {
            await site.MeasureAsync(Actor.System(Name), transaction => Forget(transaction, outlived, trashed), cancellationToken);
        }

        var waiting = own.Where(entity => ForgetAt(entity) > site.Now).ToList();
        return outlived.Count > 0
            ? StepResult.After(TimeSpan.FromSeconds(1))
            : waiting.Count > 0 ? StepResult.After(waiting.Min(ForgetAt) - site.Now) : StepResult.Done;
    }

    private IEnumerable<Entity> Own(IReadOnlyList<Entity> revocations) =>
        revocations.Where(entity => entity.Text("site") == site.SelfText);

    private static void Forget(ITransaction transaction, List<EntityKey> outlived, List<EntityKey> trashed)
    {
        foreach (var key in outlived)
        {
            transaction.Delete(key);
        }

        foreach (var key in trashed)
        {
            if (transaction.Find(key) is { IsDeleted: true })
            {
                transaction.Purge(key);
            }
        }
    }

    private static DateTimeOffset ForgetAt(Entity entity) =>
        DateTimeOffset.FromUnixTimeMilliseconds(entity.Integer("expires_at") ?? 0) + Grace;
}
