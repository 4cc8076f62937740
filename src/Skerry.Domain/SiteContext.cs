using Skerry.State;
using Skerry.State.Clocks;

namespace Skerry.Domain;

/// <summary>What every service of a site works with: the site's own state, who it is, and where time and identities come from.</summary>
/// <param name="Replica">The state as this site knows it; every read and every write is answered from it alone.</param>
/// <param name="Self">This site.</param>
/// <param name="SiteName">The site's name, which is also its availability zone.</param>
/// <param name="Region">The site's region in the catalog.</param>
/// <param name="Time">The clock of everything that waits or expires.</param>
/// <param name="Ids">Where identities and secrets come from.</param>
public sealed record SiteContext(
    Replica Replica, SiteId Self, string SiteName, string Region, TimeProvider Time, IIdSource Ids)
{
    /// <summary>This site as it is written in the field values of entities.</summary>
    public string SelfText { get; } = Self.ToString();

    public DateTimeOffset Now => Time.GetUtcNow();

    /// <summary>
    /// Decides and writes in one urgent mutation, authored by who asks; returns when it is on stable storage. A refusal writes
    /// nothing, whatever <paramref name="decide"/> had set before it came to it.
    /// </summary>
    public async ValueTask<T> DecideAsync<T>(Actor actor, Func<ITransaction, T> decide, CancellationToken cancellationToken)
    {
        var result = await Replica.CommitAsync(
            transaction =>
            {
                var decided = decide(transaction);
                if (decided is Refusal or IOutcome { IsRefused: true })
                {
                    transaction.Discard();
                }

                return decided;
            },
            new CommitOptions(actor.Name),
            cancellationToken);
        return result.Value;
    }

    /// <summary>Writes a measurement: durable here, and sent to other sites with the next flush rather than at once.</summary>
    public async ValueTask MeasureAsync(Actor actor, Action<ITransaction> write, CancellationToken cancellationToken) =>
        await Replica.CommitAsync(
            transaction =>
            {
                write(transaction);
                return default(Unit);
            },
            new CommitOptions(actor.Name, Urgent: false),
            cancellationToken);
}
