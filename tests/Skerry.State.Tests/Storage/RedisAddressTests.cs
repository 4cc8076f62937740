using Skerry.State.Storage.Redis;

namespace Skerry.State.Tests.Storage;

public sealed class RedisAddressTests
{
    [Theory]
    [InlineData("redis://cache.example", "cache.example", 6379, false, null, null, 0, "skerry:")]
    [InlineData("redis://:p%40ss%2Fword@10.0.0.1:7000/3", "10.0.0.1", 7000, false, null, "p@ss/word", 3, "skerry:")]
    [InlineData("rediss://site:word@[::1]:7000/?prefix=north%3A", "::1", 7000, true, "site", "word", 0, "north:")]
    public void An_address_is_read(string text, string host, int port, bool tls, string? user, string? password, int database, string prefix)
    {
        Assert.True(RedisAddress.TryParse(text, "skerry:", out var address, out _));
        Assert.Equal(new RedisAddress(host, port, tls, user, password, database, prefix, null), address);
        if (password is not null) Assert.DoesNotContain(password, address.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("redis:")]
    [InlineData("redis://")]
    [InlineData("redis://:secret@host:notaport")]
    [InlineData("redis://:secret@host/first")]
    [InlineData("redis://:secret@host/0?prefx=a")]
    [InlineData("redis://:secret@host/0?ca=/etc/ca.pem")]
    [InlineData("rediss://:secret@host/0?ca=ca.pem")]
    public void A_mistake_is_told_without_the_secret(string text)
    {
        Assert.False(RedisAddress.TryParse(text, "skerry:", out _, out var mistake));
        Assert.NotEmpty(mistake);
        Assert.DoesNotContain("secret", mistake, StringComparison.Ordinal);
    }
}
