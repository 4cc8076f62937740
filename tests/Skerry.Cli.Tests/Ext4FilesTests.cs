using System.Diagnostics;
using Skerry.Cli.Snapshot;
using Skerry.Client.Native.Wire;

namespace Skerry.Cli.Tests;

/// <summary>Which files lie where, on a real ext4 file system.</summary>
public sealed class Ext4FilesTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("skerry-ext4-").FullName;

    [Fact]
    public async Task Ranges_are_told_as_the_files_that_lie_in_them()
    {
        Directory.CreateDirectory(Path.Combine(_folder, "tree", "a folder"));
        await File.WriteAllBytesAsync(Path.Combine(_folder, "tree", "a folder", "large file"), Bytes(3_000_000, 1));
        await File.WriteAllBytesAsync(Path.Combine(_folder, "tree", "small"), Bytes(100, 2));
        await File.WriteAllBytesAsync(Path.Combine(_folder, "tree", "other"), Bytes(50_000, 3));
        var disk = Path.Combine(_folder, "disk");
        Run("mkfs.ext4", "-q", "-b", "4096", "-d", Path.Combine(_folder, "tree"), disk, "32M");

        // Where the files lie is looked up by their content, not by what is tested.
        var content = await File.ReadAllBytesAsync(disk);
        var (large, small) = (Find(content, Bytes(4096, 1)), Find(content, Bytes(100, 2)));
        var rows = await new Ext4Files(disk).InAsync(
            [new SnapshotRangeRecord(small, 4096), new SnapshotRangeRecord(large, 8192), new SnapshotRangeRecord(31 << 20, 4096)],
            TestContext.Current.CancellationToken);
        Assert.Equal(
            [("/a folder/large file", 8192L), ("/small", 4096L), (null, 4096L)],
            rows.Select(r => (r.Path, r.LengthBytes)));
        Assert.All(rows, r => Assert.True(r.OffsetBytes is null && (r.Path is null) == r.Inode is null));

        // All of the disk is more than fits one question.
        rows = await new Ext4Files(disk).InAsync([new SnapshotRangeRecord(0, 32 << 20)], TestContext.Current.CancellationToken);
        Assert.Superset(new HashSet<string> { "/a folder/large file", "/small", "/other" }, rows.Select(r => r.Path).OfType<string>().ToHashSet());
        Assert.Equal(32L << 20, rows.Sum(r => r.LengthBytes));
    }

    [Fact]
    public async Task What_is_no_ext4_is_said_to_be_none()
    {
        var disk = Path.Combine(_folder, "disk");
        await File.WriteAllBytesAsync(disk, new byte[1 << 20]);
        var said = await Assert.ThrowsAsync<DidNotSucceedException>(
            () => new Ext4Files(disk).InAsync([new SnapshotRangeRecord(0, 4096)], TestContext.Current.CancellationToken));
        Assert.Contains("No ext4 file system begins", said.Message, StringComparison.Ordinal);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static byte[] Bytes(int count, int seed)
    {
        // The same beginning whatever the length.
        var bytes = new byte[count];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    private static int Find(byte[] disk, byte[] content)
    {
        for (var at = 0; at + content.Length <= disk.Length; at += 4096)
        {
            if (disk.AsSpan(at, content.Length).SequenceEqual(content))
            {
                return at;
            }
        }

        throw new InvalidOperationException("The content is not on the disk.");
    }

    private static void Run(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardError = true, RedirectStandardOutput = true, UseShellExecute = false };
        start.Environment["PATH"] = $"{Environment.GetEnvironmentVariable("PATH")}:/usr/sbin:/sbin";
        using var process = Process.Start(start)!;
        var talk = process.StandardError.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, talk);
    }
}
