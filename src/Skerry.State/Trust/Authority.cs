using Skerry.State.Clocks;
using Skerry.State.Log;
using Skerry.State.Merging;

namespace Skerry.State.Trust;

/// <summary>
/// Whether a site may make a change of a kind of entity. The answer follows from its arguments alone, which are the same wherever and
/// whenever the change arrives; so it is effective at every site or at none.
/// </summary>
/// <param name="maker">The site of the mutation's dot.</param>
/// <param name="change">What it wants to write.</param>
public delegate bool Authority(SiteId maker, Change change);

/// <summary>A change that its maker was not allowed to make. It is in the log and in the vector, and has no effect anywhere.</summary>
/// <param name="Dot">Of its mutation.</param>
/// <param name="Stamp">Of its mutation.</param>
/// <param name="Author">Who, at that site, it says has made it.</param>
/// <param name="Key">The entity.</param>
/// <param name="Field">The field; empty for a purge.</param>
public sealed record RefusedChange(Dot Dot, Hlc Stamp, string Author, EntityKey Key, string Field);
