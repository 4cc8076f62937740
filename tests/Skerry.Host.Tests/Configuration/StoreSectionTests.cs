using Skerry.Host.Configuration;

namespace Skerry.Host.Tests.Configuration;

public sealed class StoreSectionTests
{
    private static readonly Dictionary<string, string> Nothing = [];

    [Fact]
    public void A_redis_is_read_with_a_prefix_for_the_site()
    {
        var (site, mistakes) = Read("redis://:p%40ss@10.0.0.7/2");
        Assert.Empty(mistakes);
        var redis = site!.Store.Redis!;
        Assert.Equal(("10.0.0.7", 6379, "p@ss", 2, "skerry:north:", false), (redis.Host, redis.Port, redis.Password, redis.Database, redis.Prefix, redis.Tls));
        Assert.Equal("cloud:", Read("rediss://r.example/?prefix=cloud%3A").Site!.Store.Redis!.Prefix);
        Assert.DoesNotContain("p@ss", site.Store.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void The_environment_keeps_the_password_out_of_the_file()
    {
        var (site, _) = ConfigurationReader.Read(Small, new Dictionary<string, string> { ["SKERRY_STORE__URL"] = "redis://:secret@host" }, Nothing);
        Assert.Equal("secret", site!.Store.Redis!.Password);
    }

    [Theory]
    [InlineData("redis://:secret@host/first")]
    [InlineData("redis//:secret@host")]
    [InlineData("mongodb://:secret@host")]
    [InlineData("sqlite:")]
    public void A_mistake_is_told_with_its_line_and_without_the_secret(string url)
    {
        var mistake = Assert.Single(Read(url).Mistakes);
        Assert.Equal("line 6", mistake.Origin);
        Assert.Contains("write", mistake.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", mistake.Message, StringComparison.Ordinal);
    }

    private const string Small = "[site]\nname = north\ndata_dir = /srv/skerry\n";

    private static (SiteConfiguration? Site, IReadOnlyList<ConfigurationMistake> Mistakes) Read(string url) =>
        ConfigurationReader.Read($"{Small}\n[store]\nurl = {url}\n", Nothing, Nothing);
}
