using Skerry.Domain.Identity;

namespace Skerry.Domain.Tests.Identity;

public sealed class TokenKeyTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("skerry-key-").FullName;

    private string KeyFile => Path.Combine(_directory, "token.key");

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void A_key_is_made_once_and_only_its_owner_can_read_it()
    {
        using var first = TokenKey.LoadOrCreate(KeyFile);
        using var second = TokenKey.LoadOrCreate(KeyFile);
        Assert.Equal(first.PublicPem, second.PublicPem);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(KeyFile));
        Assert.Equal([KeyFile], Directory.GetFiles(_directory));
    }

    [Fact]
    public void A_key_half_written_before_a_crash_does_no_harm()
    {
        File.WriteAllText(KeyFile + ".new", "-----BEGIN PRIV");
        using var key = TokenKey.LoadOrCreate(KeyFile);
        Assert.StartsWith("-----BEGIN PUBLIC KEY-----", key.PublicPem);
    }

    [Fact]
    public void A_damaged_key_is_named_with_what_to_do()
    {
        File.WriteAllText(KeyFile, "not a key");
        var error = Assert.Throws<InvalidDataException>(() => TokenKey.LoadOrCreate(KeyFile));
        Assert.Contains(KeyFile, error.Message);
        Assert.Contains("remove it", error.Message);
    }
}
