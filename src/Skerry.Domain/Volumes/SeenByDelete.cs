using Skerry.Domain.Operations;
using Skerry.Domain.References;
using Skerry.State.Merging;

namespace Skerry.Domain.Volumes;

/// <summary>What somebody knew of a volume or a snapshot when he asked to delete it.</summary>
/// <remarks>
/// The invariant: an owner destroys no data while it knows of an update by people, or of something made of the volume, that who asked for
/// the deletion did not know. So a request names what it had in view: the mutations that wrote what people wanted of the thing, and what
/// refers to it.
/// </remarks>
internal static class SeenByDelete
{
    /// <summary>To be kept with the request.</summary>
    public static IReadOnlyList<string> Of(StateView state, Entity entity) =>
        [.. Wanted(entity).Select(w => w.Value.Dot.ToString()).Distinct(), .. Children.Keeping(state, entity.Key).Select(c => c.Key.ToString())];

    /// <summary>Updates and children that the request did not name; none for a request of an older version, which named nothing.</summary>
    public static (IReadOnlyList<(string Field, StandingValue Value)> Updates, IReadOnlyList<Entity> Children) Unknown(StateView state, Operation operation)
    {
        if (operation.Seen is not { } seen || state.Find(operation.Entity.Kind, operation.Entity.Id) is not { } entity)
        {
            return ([], []);
        }

        return (
            [.. Wanted(entity).Where(w => !seen.Contains(w.Value.Dot.ToString()))],
            [.. Children.Keeping(state, entity.Key).Where(c => !seen.Contains(c.Key.ToString()))]);
    }

    /// <summary>Null when the request knew all that its owner knows.</summary>
    public static string? ReasonToWait(StateView state, Operation operation)
    {
        var (updates, children) = Unknown(state, operation);
        return children.Count > 0
            ? $"{Children.Words(children[0].Key.Kind, 1)} {children[0].Id} was made by somebody who did not know of the deletion. Nothing is destroyed while it is there: delete it, or cancel operation {operation.Id}."
            : updates.Count > 0
            ? $"{updates[0].Value.Author} set its {updates[0].Field} without knowing of the deletion. Nothing is destroyed before somebody chooses: skerry conflict show {ConflictId(operation.Entity)}"
            : null;
    }

    public static string ConflictId(EntityKey key) => $"{key}/{ConflictField}";

    /// <summary>In the place of the field in the id of such a conflict.</summary>
    public const string ConflictField = "$delete";

    /// <summary>What people wrote to it. The winner alone: what it beat is a conflict of its own.</summary>
    private static IEnumerable<(string Field, StandingValue Value)> Wanted(Entity entity) =>
        from field in entity.Fields
        where DomainSchema.Schema.UseOf(entity.Key.Kind, field) == FieldUse.Desired
        select (field, entity.Standing(field)[0]);
}
