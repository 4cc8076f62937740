namespace Skerry.State.Merging;

/// <summary>How concurrent writes to one field are settled. A field's rule never changes; a new rule is a new field.</summary>
public enum MergeRule
{
    /// <summary>The highest stamp wins.</summary>
    Latest,

    /// <summary>A write made at a hub (rank above 0) wins over others.</summary>
    Hub,

    /// <summary>A write made by the entity's owner (rank above 0) wins over others.</summary>
    Owner,

    /// <summary>The highest stamp is shown, nobody acts on it, and only a person's resolution settles.</summary>
    Hold,

    /// <summary>
    /// A write of false wins over others: who locked a door while somebody else, not knowing, left it open, finds it locked. The writer
    /// gives it its rank, as for <see cref="Hub"/>.
    /// </summary>
    Strict,
}

/// <summary>Who writes a field.</summary>
public enum FieldUse
{
    /// <summary>What people and policies want; any site writes it, and a delete that did not know it conflicts with it.</summary>
    Desired,

    /// <summary>What the owner sees; only the owner writes it, and it never stands in the way of a delete.</summary>
    Observed,

    /// <summary>
    /// What the entity is about: written when it is made, or made again, and never in between. So it says nothing against a delete that
    /// the making does not say by itself.
    /// </summary>
    Fixed,
}

/// <summary>What a delete does beside updates that it did not know.</summary>
public enum DeleteRule
{
    /// <summary>The entity is deleted. Updates that the delete did not know are kept, and shown as conflicts.</summary>
    Wins,

    /// <summary>As <see cref="Wins"/>; and before that its owner destroys nothing while it knows of an update that the request for the delete did not know.</summary>
    Waits,

    /// <summary>The entity is deleted, also when it was made again or restored elsewhere at the same time, whatever the stamps.</summary>
    Stays,

    /// <summary>The entity is deleted, and what else was written to it is of no interest to anybody.</summary>
    Clears,
}
