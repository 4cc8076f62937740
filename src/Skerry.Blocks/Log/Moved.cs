using Skerry.Blocks.Maps;

namespace Skerry.Blocks.Log;

/// <summary>
/// What is kept of some segments stands in a pack from now on. Logged when the pack is durable; the files that held it before are given
/// up when this is.
/// </summary>
/// <param name="Segments">Where their blocks are.</param>
internal sealed record Moved(IReadOnlyList<PlacedSegment> Segments) : Change(0);
