using Skerry.State;
using Skerry.State.Clocks;
using Skerry.State.Merging;

namespace Skerry.Domain.Sites;

/// <summary>What a site says of starts of sites that are over.</summary>
/// <param name="Closed">Its own earlier starts, as <see cref="Positions"/>, with the last mutation of each: they write nothing any more.</param>
/// <param name="Covered">By site id: which closed starts of others it has whole.</param>
internal sealed record IncarnationRecord(
    SortedDictionary<string, long> Closed, SortedDictionary<string, SortedDictionary<string, long>> Covered)
{
    public static IncarnationRecord Empty { get; } = new(new(StringComparer.Ordinal), new(StringComparer.Ordinal));

    public static IncarnationRecord Of(Entity? site) => site?.Json(SiteFields.Incarnations, SitesJson.Default.IncarnationRecord) ?? Empty;

    public bool IsSame(IncarnationRecord other) =>
        Positions.AreSame(Closed, other.Closed)
        && Covered.Count == other.Covered.Count
        && Covered.All(p => other.Covered.TryGetValue(p.Key, out var there) && Positions.AreSame(p.Value, there));
}

/// <summary>
/// Keeps the vectors of the cloud as short as it has sites: every start of every site would stay in them for ever.
/// </summary>
/// <remarks>
/// <para>A site says which of its starts are closed; every other says that it has them whole; when all members have said so, the site
/// retires them. Only it can, since it alone knows that nothing more will come of them. Waiting for all also makes sure that all
/// understand it: a site of an earlier version never says that it has them.</para>
/// <para>Nothing is lost if it waits too little (a member that was not yet known, an evicted one that returns, a restored disk that
/// knows too low an end): what is retired is still told apart from what was never seen.</para>
/// </remarks>
/// <param name="site">This site.</param>
/// <param name="sharesStore">Other daemons of this site write beside this one: which of its starts are over is then not known, and none is closed.</param>
public sealed class RetirementReconciler(SiteContext site, bool sharesStore) : IReconciler
{
    // One write confirms whatever was closed in the meantime, so that many starts of many sites cost few writes.
    private static readonly TimeSpan Pace = TimeSpan.FromMinutes(10);

    private DateTimeOffset _confirmAt = DateTimeOffset.MinValue;

    public string Name => "retirement";

    public IReadOnlyCollection<string> Kinds { get; } = [EntityKinds.Site];

    public async ValueTask<StepResult> StepAsync(CancellationToken cancellationToken)
    {
        var state = StateView.Of(site.Replica);
        if (state.Find(EntityKinds.Site, site.SelfText) is not { } self)
        {
            return StepResult.Done;
        }

        var others = state.List(EntityKinds.Site).Where(s => s.Id != site.SelfText).ToList();
        var closed = Positions.Of(sharesStore ? [] : site.Replica.Vector.Where(dot => dot.Site == site.Self && dot.Incarnation != site.Replica.Incarnation));
        List<Dot> ends = [.. closed.ToDots(site.Self).Where(end => others.All(other => !Eviction.IsAwaited(other) || HasSaid(other, end)))];
        if (ends.Count > 0 && await site.Replica.RetireAsync(ends, Name, cancellationToken) is not null)
        {
            ends.ForEach(end => closed.Remove(Positions.NameOf(end.Incarnation)));
        }

        var before = IncarnationRecord.Of(self);
        var now = new IncarnationRecord(closed, Confirmed(others));
        if (now.IsSame(before))
        {
            return StepResult.After(Pace);
        }

        var isDue = site.Now >= _confirmAt || !Positions.AreSame(now.Closed, before.Closed);
        if (!isDue)
        {
            return StepResult.After(_confirmAt - site.Now);
        }

        _confirmAt = site.Now + Pace;
        await site.MeasureAsync(
            Actor.System(Name),
            transaction => transaction.SetIfDifferent(
                self.Key, SiteFields.Incarnations, FieldValue.Serialize(now, SitesJson.Default.IncarnationRecord), DomainSchema.OwnerRank),
            cancellationToken);
        return StepResult.After(Pace);
    }

    private bool HasSaid(Entity other, Dot end) =>
        IncarnationRecord.Of(other).Covered.TryGetValue(site.SelfText, out var covered) && covered.Covers(end);

    private SortedDictionary<string, SortedDictionary<string, long>> Confirmed(List<Entity> others)
    {
        var confirmed = new SortedDictionary<string, SortedDictionary<string, long>>(StringComparer.Ordinal);
        foreach (var other in others)
        {
            if (SiteId.TryParse(other.Id, out var id)
                && Positions.Of(IncarnationRecord.Of(other).Closed.ToDots(id).Where(site.Replica.Vector.Covers)) is { Count: > 0 } whole)
            {
                confirmed[other.Id] = whole;
            }
        }

        return confirmed;
    }
}
