using Skerry.State.Merging;

namespace Skerry.Domain.Identity;

/// <summary>
/// Keeps the public part of this site's token key in its <c>site</c> entity: after the first start, after joining a cloud (which
/// replaces the state), and after the key file was replaced.
/// </summary>
public sealed class TokenKeyReconciler(SiteContext site, TokenKey key) : IReconciler
{
    public string Name => "token-key";

    public IReadOnlyCollection<string> Kinds { get; } = [EntityKinds.Site];

    public async ValueTask<StepResult> StepAsync(CancellationToken cancellationToken)
    {
        var entity = site.Replica.FindLive(EntityKinds.Site, site.SelfText);
        if (entity is null || entity.Text("token_key") == key.PublicPem)
        {
            return StepResult.Done;
        }

        await site.DecideAsync(
            Actor.System(Name),
            transaction =>
            {
                if (transaction.FindLive(EntityKinds.Site, site.SelfText) is { } self)
                {
                    transaction.Set(self.Key, "token_key", FieldValue.FromString(key.PublicPem), DomainSchema.OwnerRank);
                }

                return default(Unit);
            },
            cancellationToken);
        return StepResult.Done.With(new StepReport("This site's token key is now known to the cloud."));
    }
}
