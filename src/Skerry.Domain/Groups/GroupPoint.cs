namespace Skerry.Domain.Groups;

/// <summary>What the copies of a group's members keep, judged together. Pure.</summary>
/// <param name="Newest">The newest cut that all members have in their past: the group's recovery point. Null when there is none.</param>
/// <param name="Drop">For each volume the states that no recovery needs any more.</param>
/// <param name="Lacking">Without a recovery point: a member that keeps nothing, when there is one.</param>
internal sealed record GroupPoint(Cut? Newest, IReadOnlyDictionary<string, IReadOnlyList<Cut>> Drop, string? Lacking)
{
    /// <summary>How many cuts that all members have are kept: the newest, and some for when that one turns out to be of no use.</summary>
    public const int MostKept = 3;

    /// <summary>The most states of cuts that not all members have, so that no fault fills a disk with them.</summary>
    public const int MostPending = 64;

    /// <summary>The cuts that all members keep, the newest first: any of them can be promoted, or drilled.</summary>
    public IReadOnlyList<Cut> Kept { get; init; } = [];

    /// <summary>What is added to the time of a cut to have it by this site's clock, or earlier; null when not known.</summary>
    public TimeSpan? ClockAhead { get; init; }

    /// <param name="marks">What each member keeps, by volume.</param>
    /// <param name="pinned">Cuts that somebody is working with, which are not dropped whatever their age.</param>
    /// <remarks>
    /// A member gets its marks in order, so one that lacks a cut and has a newer one will never get the first: what is older than the
    /// newest common cut and not common goes. Of two cuts the newer is the one at which the members stand further; none stands further
    /// at one and less far at the other, since cuts are instants.
    /// </remarks>
    public static GroupPoint Of(IReadOnlyDictionary<string, IReadOnlyList<KeptMark>> marks, IReadOnlyCollection<Cut>? pinned = null)
    {
        var common = Common(marks);
        var kept = common.Take(MostKept).Select(c => c.Cut).ToList();
        var keep = kept.Concat(pinned ?? []).ToHashSet();
        var drop = new Dictionary<string, IReadOnlyList<Cut>>(StringComparer.Ordinal);
        foreach (var (volumeId, own) in marks)
        {
            var newest = own.FirstOrDefault(m => common.Count > 0 && m.Cut == common[0].Cut);
            var pending = own
                .Where(m => m.IsInHistory && !keep.Contains(m.Cut) && (newest is null || IsNewer(m, newest)))
                .OrderByDescending(m => m.Number).ThenByDescending(m => m.Cut.Id, StringComparer.Ordinal)
                .Take(MostPending)
                .Select(m => m.Cut)
                .ToHashSet();
            drop[volumeId] = [.. own.Select(m => m.Cut).Where(c => !keep.Contains(c) && !pending.Contains(c))];
        }

        return new GroupPoint(
            common.Count > 0 ? common[0].Cut : null,
            drop,
            common.Count > 0 ? null : marks.FirstOrDefault(m => !m.Value.Any(k => k.IsInHistory)).Key)
        {
            Kept = kept,
            ClockAhead = marks.Values.SelectMany(own => own).Min(m => m.TakenAtHere - m.Cut.TakenAt),
        };
    }

    private static bool IsNewer(KeptMark mark, KeptMark than) =>
        mark.Number > than.Number || (mark.Number == than.Number && string.CompareOrdinal(mark.Cut.Id, than.Cut.Id) > 0);

    /// <summary>The cuts that all members have, newest first.</summary>
    private static List<(Cut Cut, long Numbers)> Common(IReadOnlyDictionary<string, IReadOnlyList<KeptMark>> marks)
    {
        var counts = new Dictionary<Cut, (int Members, long Numbers)>();
        foreach (var mark in marks.Values.SelectMany(own => own.Where(m => m.IsInHistory)))
        {
            var (members, numbers) = counts.GetValueOrDefault(mark.Cut);
            counts[mark.Cut] = (members + 1, numbers + mark.Number);
        }

        return
        [
            .. counts.Where(c => c.Value.Members == marks.Count)
                .Select(c => (c.Key, c.Value.Numbers))
                .OrderByDescending(c => c.Numbers).ThenByDescending(c => c.Key.Id, StringComparer.Ordinal),
        ];
    }
}
