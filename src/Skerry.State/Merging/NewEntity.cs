using Skerry.State.Log;

namespace Skerry.State.Merging;

/// <summary>
/// The body of an entity of which nothing stood, from the writes of one mutation: what <see cref="EntityEditor"/> comes to, without an
/// object for each field. Most of what a site takes in when it joins or catches up is of this shape.
/// </summary>
internal static class NewEntity
{
    private const int MostFields = 64;

    /// <param name="origin">The mutation.</param>
    /// <param name="changes">Its changes, of which those from <paramref name="from"/> up to <paramref name="to"/> are of the entity.</param>
    /// <param name="from">The first.</param>
    /// <param name="to">The one after the last.</param>
    /// <param name="scratch">To write in.</param>
    /// <returns>Null when it takes more than that: a delete, a field that is written twice, very many fields.</returns>
    public static byte[]? TryEncode(Origin origin, IReadOnlyList<Change> changes, int from, int to, ByteWriter scratch)
    {
        if (to - from > MostFields) return null;
        Span<int> order = stackalloc int[to - from];
        for (var i = from; i < to; i++)
        {
            if (changes[i].Kind != ChangeKind.Set) return null;
            var at = i - from;
            for (; at > 0; at--)
            {
                var comparison = string.CompareOrdinal(changes[order[at - 1]].Field, changes[i].Field);
                if (comparison == 0) return null;
                if (comparison < 0) break;
                order[at] = order[at - 1];
            }

            order[at] = i;
        }

        scratch.Clear();
        scratch.WriteVarint(1);
        EntityBody.WriteOrigin(scratch, origin);
        scratch.WriteVarint((ulong)order.Length);
        foreach (var index in order)
        {
            var change = changes[index];
            scratch.WriteString(change.Field);
            scratch.WriteVarint(1);
            EntityBody.WriteValue(scratch, 0, change.KnowsDelete ? Marks.KnownToDelete : Marks.None, change.Rank, change.Value);
        }

        return scratch.ToArray();
    }
}
