using Skerry.Client.Native.Login;

namespace Skerry.Client.Tests;

public sealed class CloudLoginTests
{
    [Theory]
    [InlineData("https://north:8776/identity/v3", "https://north:8776/identity/v3", "https://north:8776/")]
    [InlineData("https://north:8776/identity/v3/", "https://north:8776/identity/v3", "https://north:8776/")]
    [InlineData("https://north:8776/identity", "https://north:8776/identity/v3", "https://north:8776/")]
    [InlineData("https://north:8776", "https://north:8776/identity/v3", "https://north:8776/")]
    [InlineData("https://north:8776/", "https://north:8776/identity/v3", "https://north:8776/")]
    [InlineData("https://proxy/clouds/north/identity/v3", "https://proxy/clouds/north/identity/v3", "https://proxy/clouds/north")]
    [InlineData("http://keystone:5000/v3", "http://keystone:5000/v3", "http://keystone:5000/")]
    public void The_roots_follow_from_the_auth_url(string authUrl, string identity, string site)
    {
        var login = new CloudLogin(new Uri(authUrl));
        Assert.Equal(identity, login.IdentityRoot.AbsoluteUri);
        Assert.Equal(site, login.SiteRoot.AbsoluteUri);
    }
}
