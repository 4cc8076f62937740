using Skerry.TestKit.Processes;

namespace Skerry.Demo.Steps;

internal static class VolumeStep
{
    private const int EnoughFiles = 4000;
    private const long EnoughBytes = 96L << 20;

    public static async Task RunAsync(Story story, CancellationToken cancellationToken)
    {
        var stage = story.Stage;
        var tree = stage.PathOf("tree");
        var (count, bytes) = CopyDocumentation(tree);
        story.Files = await FileTree.ReadAsync(tree, cancellationToken);
        story.Say($"{count} files of this machine's documentation, {bytes >> 20} MiB, become an ext4 file system (mke2fs -d)");
        var image = stage.PathOf("disk.img");
        await using (var file = File.Create(image))
        {
            file.SetLength(2L << 30);
        }

        (await Stage.RunAsync("mke2fs", cancellationToken, "-q", "-F", "-t", "ext4", "-d", tree, image)).Require();

        var volume = await stage.North.JsonAsync(cancellationToken, "volume", "create", "disk", "--size", "2", "--site", "north", "--wait");
        story.VolumeId = volume.GetProperty("id").GetString()!;
        var uri = await ConnectAsync(stage.North, story.VolumeId, cancellationToken);
        story.Say($"skerry volume connect disk: {uri[..uri.LastIndexOf('/')]}/…");
        (await Stage.RunAsync("nbdcopy", cancellationToken, image, uri)).Require();

        var back = stage.PathOf("back.img");
        (await Stage.RunAsync("nbdcopy", cancellationToken, uri, back)).Require();
        (await Stage.RunAsync("cmp", cancellationToken, image, back)).Require();
        var check = (await Stage.RunAsync("e2fsck", cancellationToken, "-fn", back)).Require();
        File.Delete(back);
        story.Prove("a real file system goes in and out over NBD unchanged", $"{count} files; e2fsck -fn: {Verdict(check)}");
    }

    public static async Task<string> ConnectAsync(DemoSite site, string volume, CancellationToken cancellationToken, params string[] more) =>
        (await site.SkerryAsync(cancellationToken, ["volume", "connect", volume, .. more])).Require().Output.Trim();

    /// <summary>What e2fsck says at its end, without the name of the image.</summary>
    public static string Verdict(ProgramRun check) => LastLine(check.Output) is var line && line.Contains(": ", StringComparison.Ordinal)
        ? line[(line.IndexOf(": ", StringComparison.Ordinal) + 2)..]
        : line;

    public static string LastLine(string text) => text.Trim().Split('\n')[^1].Trim();

    /// <summary>Real files in reproducible order; a machine with little documentation adds its other shared texts.</summary>
    private static (int Count, long Bytes) CopyDocumentation(string to)
    {
        var count = 0;
        var bytes = 0L;
        var options = new EnumerationOptions
        {
            RecurseSubdirectories = true,
            AttributesToSkip = FileAttributes.ReparsePoint,
            IgnoreInaccessible = true,
        };
        foreach (var source in new[] { "/usr/share/doc", "/usr/share/man", "/usr/share/perl", "/usr/share/zoneinfo", "/usr/share/dotnet", "/usr/include" })
        {
            if (!Directory.Exists(source))
            {
                continue;
            }

            foreach (var file in Directory.EnumerateFiles(source, "*", options).Order(StringComparer.Ordinal))
            {
                var info = new FileInfo(file);
                if (count >= EnoughFiles || bytes + info.Length > EnoughBytes)
                {
                    break;
                }

                var target = Path.Combine(to, Path.GetRelativePath("/usr", file));
                Directory.CreateDirectory(Path.GetDirectoryName(target)!);
                info.CopyTo(target);
                count++;
                bytes += info.Length;
            }
        }

        Story.Require(count >= 1000, $"only {count} files of documentation are on this machine; the demo wants some thousands");
        return (count, bytes);
    }
}
