using Skerry.State.Clocks;

namespace Skerry.State;

/// <summary>A durable write of this site. Whoever covers its dot covers the vector: it was made after all of that.</summary>
/// <param name="Dot">The write.</param>
/// <param name="Vector">This site's vector with it.</param>
public sealed record OwnWrite(Dot Dot, VersionVector Vector)
{
    /// <summary>Puts the write in the place of an earlier one; of two that race the later stays.</summary>
    internal static void Raise(ref OwnWrite? last, OwnWrite? own)
    {
        while (own is not null)
        {
            var known = Volatile.Read(ref last);
            if (known is not null && known.Dot.Writer == own.Dot.Writer && known.Dot.Sequence >= own.Dot.Sequence) return;
            if (ReferenceEquals(Interlocked.CompareExchange(ref last, own, known), known)) return;
        }
    }
}
