using Skerry.Domain.Operations;
using Skerry.State;
using Skerry.State.Merging;

namespace Skerry.Domain.Sites;

/// <summary>
/// Keeps the cloud's record of this site as the configuration says: run at every start, and after joining. The very first run makes
/// the cloud, of which this site is then the only member.
/// </summary>
public sealed class SiteRegistration(SiteContext site, SiteSettings settings)
{
    /// <summary>The author of all that is written here.</summary>
    public const string Author = "registration";

    /// <summary>Writes what differs; nothing when nothing does.</summary>
    public async ValueTask EnsureAsync(CancellationToken cancellationToken) =>
        await site.DecideAsync(
            Actor.System(Author),
            transaction =>
            {
                if (transaction.Find(SiteFields.CloudKey) is null)
                {
                    transaction.Set(SiteFields.CloudKey, SiteFields.CloudId, FieldValue.FromString(site.Ids.NewUuid()));
                }

                var key = SiteFields.Site(site.SelfText);
                if (transaction.Find(key) is null)
                {
                    transaction.Set(key, SiteFields.JoinedAt, FieldValue.FromString(Instants.ToField(site.Now)));
                }

                if (settings.Witnesses is { } witnesses)
                {
                    transaction.SetIfDifferent(SiteFields.CloudKey, WitnessRule.Field, FieldValue.Serialize(witnesses, SitesJson.Default.WitnessRule));
                }

                Write(transaction, key, SiteFields.Name, settings.Name);
                Write(transaction, key, SiteFields.Region, settings.Region);
                Write(transaction, key, SiteFields.Role, settings.Role);
                Write(transaction, key, SiteFields.SyncAddress, settings.SyncAddress);
                CertificateRotationService.Write(transaction, key, settings);
                if (settings.Seals)
                {
                    Write(
                        transaction, key, SiteFields.SealsAbove,
                        transaction.Find(key)?.Text(SiteFields.SealsAbove) ?? SiteSealRules.Above(site.Replica), DomainSchema.OwnerRank);
                }

                Write(transaction, key, SiteFields.ApiUrl, settings.ApiUrl, DomainSchema.OwnerRank);
                Write(transaction, key, SiteFields.TokenKey, settings.TokenKeyPem, DomainSchema.OwnerRank);
                Write(transaction, key, SiteFields.Version, settings.Version, DomainSchema.OwnerRank);
                transaction.SetIfDifferent(key, Capabilities.Field, Capabilities.Written(Capabilities.Known), DomainSchema.OwnerRank);
                return default(Unit);
            },
            cancellationToken);

    private static void Write(ITransaction transaction, EntityKey key, string field, string? value, int rank = 0)
    {
        if (value is not null || transaction.Find(key)?.Text(field) is not null)
        {
            transaction.SetIfDifferent(key, field, FieldValue.FromString(value), rank);
        }
    }
}
