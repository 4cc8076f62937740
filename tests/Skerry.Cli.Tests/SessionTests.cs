using System.Net;

namespace Skerry.Cli.Tests;

public sealed class SessionTests : IDisposable
{
    private const string Ask = "GET /skerry/v1/alerts";
    private const string Empty = """{"alerts": []}""";
    private const string Behind = """{"error": {"code": 503, "kind": "unavailable", "message": "Site south is behind this session."}}""";

    private readonly string _folder = Directory.CreateTempSubdirectory("skerry-test-").FullName;

    [Fact]
    public async Task What_one_command_saw_the_next_one_tells()
    {
        var site = new FakeSite().On(Ask, HttpStatusCode.OK, Empty, ("X-Skerry-Session", "seen-1")).On(Ask, HttpStatusCode.OK, Empty, ("X-Skerry-Session", "seen-2"));
        await RunAsync(site, "alert", "list");
        await RunAsync(site, "alert", "list");
        await RunAsync(site, "alert", "list", "--no-session");
        await RunAsync(site, "alert", "list");
        Assert.Equal([null, "seen-1", null, "seen-2"], site.Sessions);
    }

    [Fact]
    public async Task A_site_that_is_behind_is_shown_with_a_word_of_it_unless_that_is_to_be_refused()
    {
        await RunAsync(new FakeSite().On(Ask, HttpStatusCode.OK, Empty, ("X-Skerry-Session", "ahead")), "alert", "list");
        var south = new FakeSite()
            .On(Ask, HttpStatusCode.ServiceUnavailable, Behind, ("X-Skerry-Session-State", "behind"))
            .On(Ask, HttpStatusCode.OK, Empty, ("X-Skerry-Session", "less"));
        var shown = await RunAsync(south, "alert", "list");
        Assert.Equal(0, shown.ExitCode);
        Assert.Contains("Site south is behind this session.", shown.Error, StringComparison.Ordinal);
        Assert.Equal(["ahead", null], south.Sessions);

        // What was seen elsewhere is not forgotten for it.
        var strict = new FakeSite().On(Ask, HttpStatusCode.ServiceUnavailable, Behind, ("X-Skerry-Session-State", "behind"));
        var refused = await RunAsync(strict, "alert", "list", "--session");
        Assert.Equal((5, "ahead"), (refused.ExitCode, Assert.Single(strict.Sessions)));
    }

    [Fact]
    public async Task A_session_that_is_lost_begins_anew()
    {
        await RunAsync(new FakeSite().On(Ask, HttpStatusCode.OK, Empty, ("X-Skerry-Session", "gone")), "alert", "list");
        var site = new FakeSite()
            .On(Ask, HttpStatusCode.Gone, """{"error": {"code": 410, "message": "It was lost with a disk."}}""", ("X-Skerry-Session-State", "lost"))
            .On(Ask, HttpStatusCode.OK, Empty, ("X-Skerry-Session", "new"));
        Assert.Contains("lost with a disk", (await RunAsync(site, "alert", "list")).Error, StringComparison.Ordinal);
        await RunAsync(site, "alert", "list");
        Assert.Equal(["gone", null, "new"], site.Sessions);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private Task<CommandRun> RunAsync(FakeSite site, params string[] args)
    {
        var terminal = new Terminal { Site = site };
        terminal.Variables["XDG_STATE_HOME"] = _folder;
        return terminal.RunAsync(args);
    }
}
