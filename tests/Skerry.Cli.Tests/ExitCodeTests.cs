using System.Net;
using static Skerry.Cli.Tests.Samples;

namespace Skerry.Cli.Tests;

public sealed class ExitCodeTests
{
    [Theory]
    [InlineData(400, "invalid", 2)]
    [InlineData(404, "not_found", 3)]
    [InlineData(409, "state", 4)]
    [InlineData(409, "conflict", 4)]
    [InlineData(413, "quota", 4)]
    [InlineData(503, "unavailable", 5)]
    [InlineData(403, "not_allowed", 6)]
    [InlineData(500, "fault", 1)]
    public async Task A_refusal_says_why_and_what_to_do_and_sets_the_exit_code(int status, string kind, int exitCode)
    {
        var site = new FakeSite().On(
            "GET /skerry/v1/volumes", (HttpStatusCode)status, Refusal(status, kind, "The volume is like that.", "Do this."));
        var run = await CommandRun.Of(site, "volume", "list");
        Assert.Equal(exitCode, run.ExitCode);
        Assert.Equal("", run.Out);
        Assert.Equal("The volume is like that.\nDo this.\n", run.Error);
    }

    [Fact]
    public async Task A_refused_login_is_exit_code_6_and_names_the_settings()
    {
        var site = new FakeSite(issuesTokens: false).On(
            "POST /identity/v3/auth/tokens",
            HttpStatusCode.Unauthorized,
            """{"error": {"code": 401, "title": "Unauthorized", "message": "The request you have made requires authentication."}}""");
        var run = await new Terminal { Site = site }.RunAsync("volume", "list");
        Assert.Equal(6, run.ExitCode);
        Assert.Contains("OS_PASSWORD", run.Error);
    }

    [Fact]
    public async Task A_token_that_is_refused_on_the_way_is_renewed_once()
    {
        var site = new FakeSite()
            .On("GET /skerry/v1/volumes", HttpStatusCode.Unauthorized, Refusal(401, "not_authenticated", "The token has expired."))
            .On("GET /skerry/v1/volumes", Volumes(AVolume()));
        var run = await CommandRun.Of(site, "volume", "list", "-f", "value", "-c", "name");
        Assert.Equal(0, run.ExitCode);
        Assert.Equal(["data"], run.Lines);
    }

    [Fact]
    public async Task Nothing_listening_is_exit_code_5_and_names_the_url()
    {
        var terminal = new Terminal();
        var surroundings = new Surroundings(
            terminal.Out, terminal.Error, TextReader.Null, false, false, false,
            name => name switch { "OS_AUTH_URL" => "http://127.0.0.1:1/identity/v3", "OS_USERNAME" or "OS_PASSWORD" => "x", _ => null },
            "/", TimeProvider.System, trust => trust.CreateHandler());
        Assert.Equal(5, await CommandLine.RunAsync(["volume", "list"], surroundings));
        Assert.Contains("http://127.0.0.1:1", terminal.Error.ToString());
        Assert.Contains("skerryd", terminal.Error.ToString());
    }

    [Fact]
    public async Task No_answer_within_the_time_is_exit_code_5()
    {
        var run = await CommandRun.Of(new FakeSite().Never("GET /skerry/v1/volumes"), "volume", "list", "--timeout", "1");
        Assert.Equal(5, run.ExitCode);
        Assert.Contains("1 s", run.Error);
    }

    [Fact]
    public async Task Something_else_that_answers_is_named_as_such()
    {
        var run = await CommandRun.Of(new FakeSite().On("GET /skerry/v1/volumes", "<html>It works!</html>"), "volume", "list");
        Assert.Equal(1, run.ExitCode);
        Assert.Contains("did not answer as a Skerry site does", run.Error);
    }

    [Fact]
    public async Task An_error_without_words_still_has_a_message()
    {
        var run = await CommandRun.Of(new FakeSite().On("GET /skerry/v1/volumes", HttpStatusCode.BadGateway, "<html/>"), "volume", "list");
        Assert.Equal(5, run.ExitCode);
        Assert.Contains("502", run.Error);
    }

    [Theory]
    [InlineData("volume")]
    [InlineData("volume dance")]
    [InlineData("volume create")]
    [InlineData("volume create v")]
    [InlineData("volume create v --size two")]
    [InlineData("volume create v --size 1 --source-volume a --snapshot b")]
    [InlineData("volume create v --size 1 --property novalue")]
    [InlineData("volume show")]
    [InlineData("volume show v extra")]
    [InlineData("volume set v")]
    [InlineData("volume extend v")]
    [InlineData("volume extend v --size much")]
    [InlineData("volume delete")]
    [InlineData("volume connect")]
    [InlineData("volume disconnect")]
    [InlineData("volume list -f xml")]
    [InlineData("volume list --timeout 0")]
    [InlineData("volume list --timeout soon")]
    [InlineData("volume failover")]
    [InlineData("volume failback v --force")]
    [InlineData("volume demote v --to south")]
    [InlineData("volume promote")]
    [InlineData("volume resync")]
    [InlineData("snapshot create v")]
    [InlineData("snapshot show")]
    [InlineData("snapshot delete")]
    [InlineData("replication create v")]
    [InlineData("replication create v --to south --mode sometimes")]
    [InlineData("replication create v --to south --on-return never")]
    [InlineData("replication create v --to @ssd")]
    [InlineData("replication create v --to south@")]
    [InlineData("replication create v --to south --mode periodic")]
    [InlineData("replication create v --to south --mode periodic --interval often")]
    [InlineData("replication create v --to south --mode periodic --interval 0")]
    [InlineData("replication create v --to south --interval 15m")]
    [InlineData("replication create v --to south --start 2027-01-01")]
    [InlineData("replication create v --to south --mode periodic --interval 1h --start tomorrow")]
    [InlineData("replication create v --to south --at 02:30")]
    [InlineData("replication set v")]
    [InlineData("replication set v -f json")]
    [InlineData("replication set v --interval often")]
    [InlineData("replication show")]
    [InlineData("replication history")]
    [InlineData("replication retarget v")]
    [InlineData("replication retarget v --to @ssd")]
    [InlineData("operation show")]
    [InlineData("operation wait")]
    [InlineData("operation cancel")]
    [InlineData("operation list --status done")]
    [InlineData("conflict show")]
    [InlineData("conflict resolve c")]
    [InlineData("conflict resolve c --pick winner --value x")]
    [InlineData("conflict resolve c --pick second")]
    [InlineData("site show")]
    [InlineData("site join")]
    [InlineData("site join -")]
    [InlineData("site invite south --valid forever")]
    [InlineData("site fence")]
    [InlineData("user create")]
    [InlineData("user set anna")]
    [InlineData("user set anna --enable --disable")]
    [InlineData("user set anna --password -")]
    [InlineData("project create")]
    [InlineData("quota set web")]
    [InlineData("quota set web --hard --soft")]
    [InlineData("quota set web --volumes many")]
    public async Task A_wrong_command_line_is_exit_code_2_and_asks_no_site(string line)
    {
        var site = new FakeSite();
        var run = await CommandRun.Of(site, line.Split(' '));
        Assert.Equal(2, run.ExitCode);
        Assert.Equal("", run.Out);
        Assert.NotEqual("", run.Error);
        Assert.Empty(site.Requests);
    }

    [Fact]
    public async Task Help_is_no_error_and_shows_examples_and_columns()
    {
        var run = await CommandRun.Of(new FakeSite(), "replication", "create", "--help");
        Assert.Equal(0, run.ExitCode);
        Assert.Contains("skerry replication create data --to south --mode instant --wait", run.Out);
        Assert.Contains("lag_bytes", run.Out);
    }
}
