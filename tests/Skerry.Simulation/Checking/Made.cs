using Skerry.State.Clocks;

namespace Skerry.Simulation.Checking;

/// <summary>A mutation as its maker told of it.</summary>
internal sealed class Made(Dot dot, int writer, Seen seen, IReadOnlyList<FieldWrite> writes)
{
    public Dot Dot => dot;

    /// <summary>The number of its writer.</summary>
    public int Writer => writer;

    /// <summary>What its maker had in view.</summary>
    public Seen Seen => seen;

    public IReadOnlyList<FieldWrite> Writes => writes;

    /// <summary>Its maker was told that it is durable.</summary>
    public bool IsAcknowledged { get; set; }

    /// <summary>It had left neither the disk nor the site when that disk was lost.</summary>
    public bool MayBeLost { get; set; }

    /// <summary>As it was first seen; nobody may alter it.</summary>
    public Hlc? Stamp { get; set; }

    /// <summary>Its maker's clock was not to be trusted, so it ranks below all that are.</summary>
    public bool? IsUnsure { get; set; }

    public bool IsIn(Seen vector) => vector.Covers(writer, dot.Sequence);
}
