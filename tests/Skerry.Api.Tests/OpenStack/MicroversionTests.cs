namespace Skerry.Api.Tests.OpenStack;

public sealed class MicroversionTests(SharedSite shared) : IClassFixture<SharedSite>
{
    [Theory]
    [InlineData(null, 200, "volume 3.0")]
    [InlineData("volume 3.45", 200, "volume 3.45")]
    [InlineData("volume latest", 200, "volume 3.67")]
    [InlineData("compute 2.1, volume 3.3", 200, "volume 3.3")]
    [InlineData("compute 2.1", 200, "volume 3.0")]
    [InlineData("volume 3.68", 406, null)]
    [InlineData("volume 2.0", 406, null)]
    [InlineData("volume 4.0", 406, null)]
    [InlineData("volume three", 400, null)]
    [InlineData("volume 3.01", 400, null)]
    public async Task A_microversion_is_served_or_refused(string? asked, int status, string? served)
    {
        var token = await shared.Site.TokenAsync();
        using var response = await shared.Site.SendAsync(
            "GET", "/volume/v3/volumes/detail", token, null, asked is null ? [] : [("OpenStack-API-Version", asked)]);
        Assert.Equal(status, (int)response.StatusCode);
        Assert.Equal(served, response.Headers.TryGetValues("OpenStack-API-Version", out var values) ? values.Single() : null);
        Assert.Equal(status == 400 ? [] : ["OpenStack-API-Version"], response.Headers.Vary);
    }
}
