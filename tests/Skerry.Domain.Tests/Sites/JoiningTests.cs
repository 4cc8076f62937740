using Skerry.Domain.Sites;
using Skerry.State;
using Skerry.State.Merging;

namespace Skerry.Domain.Tests.Sites;

public sealed class JoiningTests
{
    private readonly Town _town = new();

    [Fact]
    public async Task A_wrong_expired_used_or_revoked_invitation_is_refused_with_what_to_do()
    {
        var (north, south, east) = (await _town.BuildAsync("north"), await _town.BuildAsync("south"), await _town.BuildAsync("east"));

        await Refused(RefusalKind.Invalid, "not an invitation", "nonsense");
        await Refused(RefusalKind.Invalid, "this very site", await south.InviteAsync());
        await Refused(RefusalKind.State, "named east", await north.InviteAsync(new InviteRequest(ForName: "east")));
        await Refused(RefusalKind.Unavailable, "cannot be reached", await north.InviteAsync(new InviteRequest(Address: "nowhere.example:1")));
        await Refused(RefusalKind.Unavailable, "another one", await north.InviteAsync(new InviteRequest(Address: east.Address)));

        var revoked = (await north.Invitations.InviteAsync(Town.Admin, new InviteRequest(), CancellationToken.None)).Value;
        await north.Invitations.RevokeAsync(Town.Admin, revoked.Id, CancellationToken.None);
        await Refused(RefusalKind.NotAllowed, "knows no such invitation", revoked.Token!);

        var forged = InvitationToken.Decode(await north.InviteAsync()).Value with { Secret = new string('0', 64) };
        await Refused(RefusalKind.NotAllowed, "knows no such invitation", forged.Encode());

        var late = await north.InviteAsync(new InviteRequest(Lifetime: TimeSpan.FromHours(1)));
        _town.Time.Advance(TimeSpan.FromHours(1));
        await Refused(RefusalKind.State, "expired", late);

        var used = await north.InviteAsync();
        Assert.Null((await east.JoinAsync(used)).Refusal);
        await Refused(RefusalKind.State, "was used by site", used);

        // Nothing half done: south is alone in its cloud, as before, and north knows nothing of it.
        Assert.Single(south.Sites.List(Town.Admin));
        Assert.Equal(["east", "north"], north.Sites.List(Town.Admin).Select(s => s.Name));

        async Task Refused(RefusalKind kind, string words, string token)
        {
            var outcome = await south.JoinAsync(token);
            Assert.Equal(kind, outcome.Refusal?.Kind);
            Assert.Contains(words, outcome.Refusal!.Message, StringComparison.Ordinal);
            Assert.NotNull(outcome.Refusal.NextStep);
        }
    }

    [Fact]
    public async Task Only_administrators_invite_and_join()
    {
        var north = await _town.BuildAsync("north");
        var tenant = new Actor("bob", "user-2", "project-1", ["member"]);

        Assert.Equal(RefusalKind.NotAllowed, (await north.Invitations.InviteAsync(tenant, new InviteRequest(), CancellationToken.None)).Refusal?.Kind);
        Assert.Equal(RefusalKind.NotAllowed, north.Invitations.List(tenant).Refusal?.Kind);
        Assert.Equal(RefusalKind.NotAllowed, (await north.Joins.JoinAsync(tenant, "x", null, CancellationToken.None)).Refusal?.Kind);
        var seen = Assert.Single(north.Sites.List(tenant));
        Assert.Null(seen.CertificatePin);
        Assert.Null(seen.Address);
    }

    [Theory]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public async Task A_join_that_broke_at_any_step_is_completed_by_asking_again(bool losesReply, bool losesState)
    {
        var (north, south) = (await _town.BuildAsync("north"), await _town.BuildAsync("south"));
        var token = await north.InviteAsync();
        south.LosesAnswers.Enqueue(losesReply);
        south.LosesAnswers.Enqueue(losesState);

        Assert.Equal(RefusalKind.Unavailable, (await south.JoinAsync(token)).Refusal?.Kind);
        Assert.Single(south.Sites.List(Town.Admin));
        _town.Time.Advance(TimeSpan.FromDays(2));

        // The invitation has run out meanwhile, but it was used in time, and by this very site.
        var again = await south.JoinAsync(token);

        Assert.Null(again.Refusal);
        Assert.Equal(2, south.Sites.List(Town.Admin).Count);
    }

    [Fact]
    public async Task A_site_with_data_of_its_own_is_told_what_it_would_lose_and_loses_nothing()
    {
        var (north, south) = (await _town.BuildAsync("north"), await _town.BuildAsync("south"));
        await south.Replica.CommitAsync(
            t => t.Set(new EntityKey(EntityKinds.Volume, "v1"), "name", FieldValue.FromString("data")), new CommitOptions("bob"), CancellationToken.None);

        var refused = await south.JoinAsync(await north.InviteAsync());

        Assert.Equal(RefusalKind.State, refused.Refusal?.Kind);
        Assert.Contains("1 volume", refused.Refusal!.Message, StringComparison.Ordinal);
        Assert.NotNull(south.Replica.Find(new EntityKey(EntityKinds.Volume, "v1")));
        Assert.Single(north.Sites.List(Town.Admin));
    }

    [Fact]
    public async Task A_member_of_another_cloud_and_a_second_site_of_one_name_are_refused()
    {
        var (north, south, east) = (await _town.BuildAsync("north"), await _town.BuildAsync("south"), await _town.BuildAsync("east"));
        var namesake = await _town.BuildAsync("south");
        await south.JoinAsync(await north.InviteAsync());

        Assert.Contains("member of another cloud", (await south.JoinAsync(await east.InviteAsync())).Refusal?.Message, StringComparison.Ordinal);
        Assert.Equal(RefusalKind.Conflict, (await namesake.JoinAsync(await north.InviteAsync())).Refusal?.Kind);
    }

    [Fact]
    public async Task A_joined_pair_dials_each_other_by_what_each_was_told()
    {
        var (north, south) = (await _town.BuildAsync("north"), await _town.BuildAsync("south"));
        await south.Joins.JoinAsync(Town.Admin, await north.InviteAsync(), "relay.example:9", CancellationToken.None);
        await Town.ExchangeAsync(north, south);

        Assert.Equal("relay.example:9", Assert.Single(await north.ReconcileAsync()).Address);
        var target = Assert.Single(await south.ReconcileAsync());
        Assert.Equal(north.Address, target.Address);
        Assert.Equal(CertificatePin.Of(north.CertificatePem), target.CertificatePin);
        Assert.True(target.MaySync);
        Assert.Empty(north.Replica.Conflicts);
    }
}
