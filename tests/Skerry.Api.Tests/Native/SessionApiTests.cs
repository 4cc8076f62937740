using System.Buffers.Text;
using System.Net;

namespace Skerry.Api.Tests.Native;

public sealed class SessionApiTests
{
    private const string Header = "X-Skerry-Session";

    [Fact]
    public async Task Replies_carry_a_token_and_a_request_that_saw_more_is_told_how_far_behind_the_site_is()
    {
        await using var site = await NativeSite.StartAsync();
        var auth = await site.Api.TokenAsync();
        using var http = new HttpClient();
        using var first = await AskAsync(null, null);
        Assert.Equal(HttpStatusCode.OK, first.StatusCode);
        var token = Assert.Single(first.Headers.GetValues(Header));
        Assert.True(token.Length <= 2048);
        using var same = await AskAsync(token, null);
        Assert.Equal(HttpStatusCode.OK, same.StatusCode);

        // The last byte ends the last number: one write more than the site has made.
        var bytes = Base64Url.DecodeFromChars(token);
        bytes[^1]++;
        var ahead = Base64Url.EncodeToString(bytes);
        using var behind = await AskAsync(ahead, "0.01");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, behind.StatusCode);
        Assert.Equal("behind", Assert.Single(behind.Headers.GetValues("X-Skerry-Session-State")));
        Assert.NotNull(behind.Headers.RetryAfter);
        Assert.Contains("is behind this session: it lacks 1 changes of site north", await behind.Content.ReadAsStringAsync(), StringComparison.Ordinal);

        using var wrong = await AskAsync("nonsense", null);
        Assert.Equal(HttpStatusCode.BadRequest, wrong.StatusCode);
        using var patient = await AskAsync(ahead, "1000");
        Assert.Equal(HttpStatusCode.BadRequest, patient.StatusCode);

        async Task<HttpResponseMessage> AskAsync(string? session, string? wait)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, site.Api.Address + "/skerry/v1/sites");
            request.Headers.Add("X-Auth-Token", auth);
            if (session is not null) request.Headers.Add(Header, session);
            if (wait is not null) request.Headers.Add("X-Skerry-Wait", wait);
            return await http.SendAsync(request);
        }
    }
}
