using System.Globalization;
using Skerry.Domain.Replication;

namespace Skerry.Domain.Recovery;

/// <summary>How far one copy of a volume is, as this site knows it.</summary>
/// <param name="Site">Where it is, as a site id.</param>
/// <param name="Name">The site's name.</param>
/// <param name="IsReached">Whether the site is alive and reached from here.</param>
/// <param name="Generation">The generation of its last write.</param>
/// <param name="Number">That write.</param>
/// <param name="Point">Its newest recovery point.</param>
/// <param name="KnownAt">When this was true.</param>
internal sealed record CopyStanding(
    string Site, string Name, bool IsReached, long Generation, long Number, RecoveryPoint? Point, DateTimeOffset KnownAt)
    : IComparable<CopyStanding>
{
    /// <summary>By what a copy has: a later generation goes on from a fork that earlier ones only led to.</summary>
    public int CompareTo(CopyStanding? other) =>
        other is null ? 1
        : Generation != other.Generation ? Generation.CompareTo(other.Generation)
        : Number.CompareTo(other.Number);

    /// <summary>How many writes the other is behind this one; null when their generations differ.</summary>
    public long? WritesAhead(CopyStanding other) => Generation == other.Generation ? Number - other.Number : null;

    public double? SecondsAhead(CopyStanding other) =>
        Point is { } mine && other.Point is { } theirs ? Math.Max(0, (mine.TakenAt - theirs.TakenAt).TotalSeconds) : null;

    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{Name} (write {Number} of generation {Generation}{(IsReached ? "" : ", not reached")})");
}
