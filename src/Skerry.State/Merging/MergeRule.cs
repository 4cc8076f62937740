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
}

/// <summary>Who writes a field.</summary>
public enum FieldUse
{
    /// <summary>What people and policies want; any site writes it, and a delete that did not know it conflicts with it.</summary>
    Desired,

    /// <summary>What the owner sees; only the owner writes it, and it never stands in the way of a delete.</summary>
    Observed,
}
