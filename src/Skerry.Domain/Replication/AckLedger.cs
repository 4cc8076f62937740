using Skerry.State;
using Skerry.State.Merging;

namespace Skerry.Domain.Replication;

/// <summary>The ledger in the replicated state: every site that hears of it says so too.</summary>
public sealed class AckLedger(SiteContext site) : IAckLedger
{
    private static readonly Actor Self = Actor.System("replication source");

    public async ValueTask NoteLocalOnlyAsync(string replicationId, string reason, CancellationToken cancellationToken) =>
        await site.DecideAsync(
            Self,
            transaction =>
            {
                if (Relation.Find(StateView.Of(transaction), replicationId) is { LocalOnly: null })
                {
                    Write(transaction, replicationId, FieldValue.Serialize(new LocalOnly(site.Now, reason), ReplicationJson.Default.LocalOnly));
                }

                return default(Unit);
            },
            cancellationToken);

    public async ValueTask ClearLocalOnlyAsync(string replicationId, CancellationToken cancellationToken) =>
        await site.DecideAsync(
            Self,
            transaction =>
            {
                if (Relation.Find(StateView.Of(transaction), replicationId) is { LocalOnly: not null })
                {
                    Write(transaction, replicationId, FieldValue.Null);
                }

                return default(Unit);
            },
            cancellationToken);

    private static void Write(ITransaction transaction, string replicationId, FieldValue value) =>
        transaction.Set(Relation.Key(replicationId), Relation.LocalOnlyField, value, DomainSchema.OwnerRank);
}
