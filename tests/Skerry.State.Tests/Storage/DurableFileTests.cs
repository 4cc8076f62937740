using Skerry.State.Storage;
using Skerry.TestKit.Files;

namespace Skerry.State.Tests.Storage;

public sealed class DurableFileTests
{
    [Fact]
    public void A_file_is_replaced_whole_and_only_its_owner_reads_it()
    {
        using var directory = new TemporaryDirectory();
        var path = directory.File("secret");
        File.WriteAllText(path + ".new", "left over from a crash");

        DurableFile.Write(path, "first");
        DurableFile.Write(path, "zwölf");

        Assert.Equal("zwölf"u8.ToArray(), File.ReadAllBytes(path));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));
        Assert.Equal([path], Directory.GetFiles(directory.Path));
    }

    [Fact]
    public void What_cannot_be_written_leaves_the_file_as_it_was()
    {
        using var directory = new TemporaryDirectory();
        var path = directory.File("secret");
        DurableFile.Write(path, "first");
        Directory.CreateDirectory(path + ".new");

        Assert.ThrowsAny<SystemException>(() => DurableFile.Write(path, "second"));

        Assert.Equal("first", File.ReadAllText(path));
    }
}
