using Skerry.State.Merging;

namespace Skerry.Domain.Sites;

/// <summary>
/// Notices that this site is not the one that it was, or was evicted meanwhile, and writes it down: from then on older operations and
/// grants count no more, at every site that hears of it.
/// </summary>
/// <remarks>
/// A site has all that it ever wrote, since nothing leaves it that is not on its disk. So what comes back from others and is new here
/// was written by a later life of an older disk, or by a copy that runs beside this one. Which of the two is told by when: only a
/// copy writes after this one was started.
/// </remarks>
public sealed class IdentityReconciler(SiteContext site) : IReconciler
{
    private static readonly TimeSpan Pace = TimeSpan.FromSeconds(1);

    // An earlier life ended before this one began, by clocks that may be apart.
    private static readonly TimeSpan Margin = TimeSpan.FromMinutes(1);

    private readonly DateTimeOffset _startedAt = site.Now;

    public string Name => "identity";

    public IReadOnlyCollection<string> Kinds { get; } = [EntityKinds.Site];

    public async ValueTask<StepResult> StepAsync(CancellationToken cancellationToken)
    {
        var reports = new List<StepReport>();
        if (StateView.Of(site.Replica).Find(EntityKinds.Site, site.SelfText) is { } self)
        {
            if (News(self) is { } record)
            {
                await WriteAsync(SiteFields.Identity, FieldValue.Serialize(record, SitesJson.Default.IdentityRecord), cancellationToken);
                reports.Add(new StepReport(
                    $"{record.Count} changes that this site had made and lacked came back from others: it was {record.State}.", IsProblem: true));
            }

            if (Eviction.Of(self) is { } eviction && self.Json(SiteFields.Returned, SitesJson.Default.Homecoming)?.Of != eviction.At)
            {
                var home = new Homecoming(eviction.At, Positions.Of(site.Replica.Vector.Naming(site.Replica.Vector.Retired).Where(dot => dot.Site == site.Self)));
                await WriteAsync(SiteFields.Returned, FieldValue.Serialize(home, SitesJson.Default.Homecoming), cancellationToken);
                reports.Add(new StepReport($"This site was {eviction.Text}. What it was asked to do meanwhile and has not begun is discarded.", IsProblem: true));
            }
        }

        return StepResult.After(Pace).With(reports);
    }

    private IdentityRecord? News(Entity self)
    {
        var returned = site.Replica.Returned;
        if (returned.Count == 0)
        {
            return null;
        }

        var lacked = Positions.Of(returned.Select(write => new State.Clocks.Dot(site.Self, write.Incarnation, write.Last)));
        var word = returned.Any(write => write.Highest.Time > _startedAt + Margin) ? IdentityRecord.Copied : IdentityRecord.Restored;
        var incarnation = Positions.NameOf(site.Replica.Incarnation);
        var before = IdentityRecord.Of(self);
        var isTold = before is not null && before.Incarnation == incarnation && (before.State == word || before.State == IdentityRecord.Copied);

        // A copy tells of itself with every write; that there is one is told once.
        return isTold && (before!.State == IdentityRecord.Copied || Positions.AreSame(before.Lacked, lacked))
            ? null
            : new IdentityRecord(word, Instants.ToField(site.Now), incarnation, lacked, returned.Sum(write => write.Last - write.First + 1));
    }

    private async ValueTask WriteAsync(string field, FieldValue value, CancellationToken cancellationToken) =>
        await site.DecideAsync(
            Actor.System(Name),
            transaction =>
            {
                transaction.Set(SiteFields.Site(site.SelfText), field, value, DomainSchema.OwnerRank);
                return default(Unit);
            },
            cancellationToken);
}
