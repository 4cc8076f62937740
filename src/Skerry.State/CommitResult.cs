using Skerry.State.Clocks;

namespace Skerry.State;

/// <summary>Who decides, and how soon others must hear of it.</summary>
/// <param name="Author">The user or reconciler, as it is shown in conflicts.</param>
/// <param name="Urgent">True for all that a person or a reconciler decides; false for measurements, which may wait.</param>
public sealed record CommitOptions(string Author, bool Urgent = true);

/// <summary>A decision that is durable, with everything that it was made upon.</summary>
/// <param name="Value">What the decision returned.</param>
/// <param name="Dot">The mutation that it wrote; null when it wrote nothing.</param>
public readonly record struct CommitResult<T>(T Value, Dot? Dot);

/// <summary>What became of mutations from another site.</summary>
public readonly record struct ApplyResult(int Applied, int Duplicates);

/// <summary>
/// Mutations that cannot be taken: one came before those that it was made after, or claims to be of this very incarnation. The
/// sender or the link is at fault; nothing was applied.
/// </summary>
public sealed class CausalityException(string message) : Exception(message);
