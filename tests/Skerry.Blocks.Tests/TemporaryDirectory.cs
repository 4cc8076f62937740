namespace Skerry.Blocks.Tests;

/// <summary>A directory of its own for one test.</summary>
internal sealed class TemporaryDirectory : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("skerry-blocks-").FullName;

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
