using Skerry.Domain.Identity;
using Skerry.State.Clocks;

namespace Skerry.Domain.Tests.Identity;

public sealed class TokenFormatTests
{
    /// <summary>Version 1, as docs/formats/token.md describes it. Tokens outlive an upgrade of the software by an hour.</summary>
    private const string Frozen =
        "ARERERERIiIzM0REVVVVVVVVAAAAAAAAAAEAAAGa_D6EAAAADhAAAAAAAAAABwDu7u7u7u7u7u7u7u7u7u7uB2RlZmF1bHQq"
        + "KioqKioqKioqKioqKioqKioqKioqKioqKioqKioqKioqKioqKioqKioqKioqKioqKioqKioqKioqKioqKioq";

    private static TokenClaims Claims { get; } = new(
        Guid.ParseExact("11111111222233334444555555555555", "N"),
        Guid.Empty,
        new SiteId(1),
        "eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee",
        TokenScope.Project("default"),
        AuthMethods.Password,
        DateTimeOffset.FromUnixTimeMilliseconds(0x19AFC3E8400),
        DateTimeOffset.FromUnixTimeMilliseconds(0x19AFC3E8400).AddSeconds(3600),
        7);

    [Fact]
    public void Yesterdays_tokens_are_read_today()
    {
        Assert.Equal(Frozen, TokenCodec.ToText(TokenCodec.Encode(Claims), Enumerable.Repeat((byte)0x2A, 64).ToArray()));
        Assert.True(TokenCodec.TryParse(Frozen, out var claims, out var signedBytes, out var signature));
        Assert.Equal(Claims, claims);
        Assert.Equal(TokenCodec.Encode(Claims), signedBytes);
        Assert.All(signature, b => Assert.Equal(0x2A, b));
    }

    [Theory]
    [InlineData(ScopeKind.Unscoped, "")]
    [InlineData(ScopeKind.Project, "0123456789abcdef0123456789abcdef")]
    [InlineData(ScopeKind.Project, "0123456789ABCDEF0123456789ABCDEF")]
    [InlineData(ScopeKind.Domain, "default")]
    [InlineData(ScopeKind.System, "")]
    public void What_was_written_is_read_again(ScopeKind kind, string id)
    {
        var claims = Claims with
        {
            Scope = new TokenScope(kind, id),
            Methods = AuthMethods.Token | AuthMethods.Password,
            ParentId = Guid.NewGuid(),
        };
        var bytes = TokenCodec.Encode(claims);
        var text = TokenCodec.ToText(bytes, new byte[64]);
        Assert.True(text.Length < 300);
        Assert.True(TokenCodec.TryParse(text, out var read, out _, out _));
        Assert.Equal(claims, read);
    }

    [Fact]
    public void Bytes_cut_short_or_too_many_are_no_token()
    {
        var bytes = TokenCodec.Encode(Claims);
        for (var length = 0; length < bytes.Length; length++)
        {
            Assert.False(TokenCodec.TryParse(TokenCodec.ToText(bytes.AsSpan(0, length), new byte[64]), out _, out _, out _));
        }

        Assert.False(TokenCodec.TryParse(TokenCodec.ToText([.. bytes, 0], new byte[64]), out _, out _, out _));
    }
}
