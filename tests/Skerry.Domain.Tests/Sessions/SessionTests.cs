using Skerry.Domain.Sessions;
using Skerry.Domain.Sites;
using Skerry.Domain.Tests.Sites;
using Skerry.State;
using Skerry.State.Clocks;
using Skerry.State.Merging;

namespace Skerry.Domain.Tests.Sessions;

public sealed class SessionTests
{
    private static readonly EntityKey Note = new("note", "1");

    [Fact]
    public async Task A_token_is_covered_where_its_writes_have_come_and_told_how_far_behind_elsewhere()
    {
        var (town, north, south) = await TwoAsync();
        await WriteAsync(north, "1");
        var token = await Token(north);
        Assert.Equal(SessionState.Covered, (await Judge(north, token)).State);
        var behind = await Judge(south, token);
        Assert.Equal(SessionState.Behind, behind.State);
        Assert.Contains("lacks 1 changes of site north", behind.Message, StringComparison.Ordinal);
        await Town.ExchangeAsync(north, south);
        Assert.Equal(SessionState.Covered, (await Judge(south, token)).State);
    }

    [Fact]
    public async Task What_was_read_from_a_third_site_is_in_the_token()
    {
        var (town, north, south) = await TwoAsync();
        var east = await town.BuildAsync("east", north);
        await WriteAsync(east, "from east");
        await Town.ExchangeAsync(east, north);
        var read = await Token(north);
        Assert.Equal(SessionState.Behind, (await Judge(south, read)).State);
        await Town.ExchangeAsync(north, south);
        Assert.Equal(SessionState.Covered, (await Judge(south, read)).State);
    }

    [Fact]
    public async Task Between_two_changes_a_token_is_one_string_and_short_while_nothing_came_from_others()
    {
        var (_, north, _) = await TwoAsync();
        await WriteAsync(north, "1");
        var sessions = new SessionService(north.Context);
        var token = await sessions.TokenAsync(default);
        Assert.Same(token, await sessions.TokenAsync(default));
        Assert.True(token!.Length < 40);
    }

    [Fact]
    public async Task Of_more_sites_than_fit_a_token_the_site_makes_one_write_of_its_own()
    {
        var (town, north, south) = await TwoAsync();
        for (var i = 0; i < SessionToken.MostDots + 5; i++)
        {
            await using var other = await Replica.OpenAsync(
                new ReplicaOptions { Site = new SiteId(1000UL + (ulong)i) }, new State.Storage.MemoryStore(), town.Time, new Random(i), default);
            await other.CommitAsync(t => t.Set(new EntityKey("note", $"{i}"), "text", FieldValue.FromString("x")), new CommitOptions("ada"), default);
            await north.Replica.ApplyAsync(other.ReadLog(north.Replica.Vector, null, 10, 100000).Mutations, default);
        }

        var token = await Token(north);
        Assert.True(token.Length <= SessionToken.MaxLength);
        Assert.Equal(SessionState.Behind, (await Judge(south, token)).State);
        await Town.ExchangeAsync(north, south);
        Assert.Equal(SessionState.Covered, (await Judge(south, token)).State);
    }

    [Fact]
    public async Task A_request_waits_until_what_it_saw_has_come()
    {
        var (_, north, south) = await TwoAsync();
        await WriteAsync(north, "1");
        var waiting = new SessionService(south.Context).JudgeAsync(await Token(north), TimeSpan.FromSeconds(30), default).AsTask();
        Assert.False(waiting.IsCompleted);
        await Town.ExchangeAsync(north, south);
        Assert.Equal(SessionState.Covered, (await waiting).State);
    }

    [Fact]
    public async Task A_write_that_went_with_its_disk_is_told_as_lost()
    {
        var (_, north, south) = await TwoAsync();
        await WriteAsync(north, "kept");
        await Town.ExchangeAsync(north, south);
        var last = north.Replica.LastOwn!.Dot;
        var cloud = SessionToken.CloudOf(CloudIdentity.Of(north.Replica)!);

        // As a later start of the site, on an older disk, says of the one that answered the client.
        var gone = new SessionToken(cloud, [new Dot(last.Site, 0xdead, 9)]).Encode();
        Assert.Equal(SessionState.Behind, (await Judge(south, gone)).State);
        var record = IncarnationRecord.Empty with { Closed = new() { ["000000000000dead"] = 7 } };
        await north.Replica.CommitAsync(
            t => t.Set(SiteFields.Site(north.Id), SiteFields.Incarnations, FieldValue.Serialize(record, SitesJson.Default.IncarnationRecord), DomainSchema.OwnerRank),
            new CommitOptions("retirement"), default);
        await Town.ExchangeAsync(north, south);
        var lost = await Judge(south, gone);
        Assert.Equal(SessionState.Lost, lost.State);
        Assert.Contains("lost with a disk", lost.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("x")]
    [InlineData("AQ")]
    [InlineData("AgAAAAAAAAAA")]
    [InlineData("AQAAAAAAAAAAAAAA")]
    public async Task What_is_no_token_is_refused(string text)
    {
        var (_, north, _) = await TwoAsync();
        Assert.Equal(SessionState.Malformed, (await Judge(north, text)).State);
    }

    [Fact]
    public async Task A_token_of_another_cloud_asks_nothing_here()
    {
        var (_, north, _) = await TwoAsync();
        var foreign = new SessionToken(SessionToken.CloudOf("another"), [new Dot(new SiteId(77), 1, 1)]).Encode();
        Assert.Equal(SessionState.Covered, (await Judge(north, foreign)).State);
    }

    private static async Task<(Town Town, Town.Member North, Town.Member South)> TwoAsync()
    {
        var town = new Town();
        var north = await town.BuildAsync("north");
        return (town, north, await town.BuildAsync("south", north));
    }

    private static async Task<string> Token(Town.Member site) => (await new SessionService(site.Context).TokenAsync(default))!;

    private static ValueTask<SessionVerdict> Judge(Town.Member site, string token) =>
        new SessionService(site.Context).JudgeAsync(token, TimeSpan.Zero, default);

    private static async Task WriteAsync(Town.Member site, string text) =>
        await site.Replica.CommitAsync(t => t.Set(Note, "text", FieldValue.FromString(text)), new CommitOptions("ada"), default);
}
