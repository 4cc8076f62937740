namespace Skerry.Blocks.Tests.Model;

/// <summary>What a history is made of, besides its seed.</summary>
internal sealed record ModelRunOptions
{
    /// <summary>How many operations.</summary>
    public required int Steps { get; init; }

    /// <summary>Also tries what a crash would leave at every boundary of a write or sync: nothing, all or any part of what was not synced.</summary>
    public bool EveryBoundary { get; init; }
}
