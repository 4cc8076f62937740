using System.Text;

namespace Skerry.Demo.Steps;

/// <summary>Writes files to a mounted file system, each with an fsync, and remembers when each was acknowledged.</summary>
internal static class FileWriter
{
    /// <summary>Writes and syncs one file; the time is when the sync had returned.</summary>
    public static async Task<DateTimeOffset> WriteAsync(string root, string path, byte[] content, CancellationToken cancellationToken)
    {
        var full = Path.Combine(root, path);
        Directory.CreateDirectory(Path.GetDirectoryName(full)!);
        await using (var file = new FileStream(full, FileMode.Create, FileAccess.Write, FileShare.None, 1 << 16))
        {
            await file.WriteAsync(content, cancellationToken);
            file.Flush(flushToDisk: true);
        }

        return DateTimeOffset.UtcNow;
    }

    /// <summary>Some kilobytes of text that name what they are; different for every path.</summary>
    public static byte[] Content(string path, int index)
    {
        var text = new StringBuilder();
        for (var line = 0; line < 20 + index * 37 % 400; line++)
        {
            text.Append(path).Append(" line ").Append(line).Append(" of file ").Append(index).Append('\n');
        }

        return Encoding.UTF8.GetBytes(text.ToString());
    }

    /// <summary>Writes <paramref name="count"/> files below <paramref name="directory"/> and adds them to what the volume must hold.</summary>
    public static async Task WriteManyAsync(Story story, string directory, int count, CancellationToken cancellationToken)
    {
        for (var i = 0; i < count; i++)
        {
            var path = $"{directory}/{i:0000}.txt";
            var content = Content(path, i);
            if (story.Mounted is { } mounted)
            {
                await WriteAsync(mounted.FileSystem, path, content, cancellationToken);
            }

            story.Files.Add(path, content);
        }
    }
}
