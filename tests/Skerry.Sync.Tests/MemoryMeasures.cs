namespace Skerry.Sync.Tests;

/// <summary>Tests that measure the memory of the whole process, so nothing else may run beside them.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class MemoryMeasures
{
    public const string Name = "memory measures";
}
