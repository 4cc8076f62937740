namespace Skerry.Demo.Steps;

/// <summary>
/// Changes files where nothing can be mounted: the volume is copied out, edited with debugfs, each of its results checked since it
/// reports success after a failed write, and copied back.
/// </summary>
internal static class EditedImage
{
    public static async Task AddAsync(Story story, string uri, string directory, int count, CancellationToken cancellationToken)
    {
        var stage = story.Stage;
        var image = stage.PathOf("edited.img");
        (await Stage.RunAsync("nbdcopy", cancellationToken, uri, image)).Require();
        var script = new List<string> { $"mkdir /{directory}" };
        var sources = Directory.CreateDirectory(stage.PathOf("edits", directory)).FullName;
        for (var i = 0; i < count; i++)
        {
            var path = $"{directory}/{i:0000}.txt";
            var content = FileWriter.Content(path, i);
            var source = Path.Combine(sources, $"{i:0000}.txt");
            await File.WriteAllBytesAsync(source, content, cancellationToken);
            script.Add($"write {source} /{path}");
            story.Files.Add(path, content);
        }

        var commands = stage.PathOf($"edits-{directory}.debugfs");
        await File.WriteAllLinesAsync(commands, script, cancellationToken);
        (await Stage.RunAsync("debugfs", cancellationToken, "-w", "-f", commands, image)).Require();
        await RequireFilesAsync(story, image, $"{directory} after debugfs -w", cancellationToken);
        (await Stage.RunAsync("nbdcopy", cancellationToken, image, uri)).Require();
        File.Delete(image);
    }

    /// <summary>Reads the whole file system out of an image, without mounting, and compares every file.</summary>
    public static async Task RequireFilesAsync(Story story, string image, string where, CancellationToken cancellationToken)
    {
        var into = Directory.CreateDirectory(story.Stage.PathOf("dump")).FullName;
        (await Stage.RunAsync("debugfs", cancellationToken, "-R", $"rdump / {into}", image)).Require();
        (await FileTree.ReadAsync(into, cancellationToken)).RequireAll(story.Files, where);
        Directory.Delete(into, recursive: true);
    }
}
