using Skerry.Domain.Identity;
using Skerry.TestKit.Domain;
using Skerry.TestKit.Time;

namespace Skerry.Domain.Tests.Identity;

public sealed class TokenTests
{
    private static readonly CancellationToken None = CancellationToken.None;
    private readonly ManualTime _time = new();

    [Fact]
    public async Task A_token_is_checked_at_every_site_without_asking_its_maker_and_is_small()
    {
        await using var north = await IdentitySite.StartAsync("north", _time);
        await using var south = await IdentitySite.StartAsync("south", _time, north);

        var token = await north.AdminTokenAsync();
        Assert.InRange(token.Text.Length, 100, 299);
        var seen = south.Tokens.Verify(token.Text).Value;
        Assert.Equal(("admin", WellKnown.AdminProjectId), (seen.User.Name, seen.Project!.Id));
        Assert.Equal(["admin", "member", "reader"], seen.Roles.Select(role => role.Name));
        Assert.True(seen.Actor.IsAdmin);
    }

    [Fact]
    public async Task A_token_of_a_site_that_nobody_knows_is_worth_nothing()
    {
        await using var north = await IdentitySite.StartAsync("north", _time);
        await using var stranger = await IdentitySite.StartAsync("stranger", _time);
        Assert.Equal(RefusalKind.NotAuthenticated, north.Tokens.Verify((await stranger.AdminTokenAsync()).Text).Refusal!.Kind);
    }

    [Fact]
    public async Task Whatever_bit_of_a_token_is_changed_it_is_refused()
    {
        await using var north = await IdentitySite.StartAsync("north", _time);
        var text = (await north.AdminTokenAsync()).Text;
        var bytes = System.Buffers.Text.Base64Url.DecodeFromChars(text);
        for (var bit = 0; bit < bytes.Length * 8; bit++)
        {
            var changed = bytes.ToArray();
            changed[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.True(north.Tokens.Verify(System.Buffers.Text.Base64Url.EncodeToString(changed)).IsRefused, $"bit {bit}");
        }

        foreach (var wrong in new[] { "", "x", text[..^1], text + "A", text + "=", " " + text, text[1..], new string('A', 10_000) })
        {
            Assert.True(north.Tokens.Verify(wrong).IsRefused, wrong);
        }
    }

    [Fact]
    public async Task A_token_ends_an_hour_after_it_was_made_and_one_made_from_it_at_the_same_time()
    {
        await using var north = await IdentitySite.StartAsync("north", _time);
        var token = await north.AdminTokenAsync();
        _time.Advance(TimeSpan.FromMinutes(30));
        var second = await north.Tokens.IssueAsync(
            new TokenRequest(null, null, token.Text, new RequestedScope.ToDomain(new IdentityReference("default"))), None);
        Assert.Equal(token.Claims.ExpiresAt, second.Value.Claims.ExpiresAt);
        Assert.Equal(AuthMethods.Password | AuthMethods.Token, second.Value.Claims.Methods);
        Assert.Equal("default", second.Value.ScopeDomain!.Id);

        _time.Advance(TimeSpan.FromMinutes(30));
        Assert.True(north.Tokens.Verify(token.Text).IsRefused);
        Assert.True(north.Tokens.Verify(second.Value.Text).IsRefused);
    }

    [Fact]
    public async Task A_revoked_token_ends_here_at_once_and_elsewhere_when_word_gets_there()
    {
        await using var north = await IdentitySite.StartAsync("north", _time);
        await using var south = await IdentitySite.StartAsync("south", _time, north);
        var token = await south.AdminTokenAsync();
        Assert.False((await north.Tokens.RevokeAsync(token.Actor, token.Text, None)).IsRefused);
        Assert.True(north.Tokens.Verify(token.Text).IsRefused);
        Assert.False(south.Tokens.Verify(token.Text).IsRefused);
        await north.Site.SendAsync(south.Site);
        Assert.True(south.Tokens.Verify(token.Text).IsRefused);

        // Once it would have expired anyway the revocation is forgotten, by the site that made it.
        var reconciler = new RevocationReconciler(north.Site.Context);
        Assert.NotNull((await reconciler.StepAsync(None)).Again);
        Assert.Single(north.Site.Replica.List(IdentityKinds.Revocation));
        _time.Advance(TimeSpan.FromHours(3));
        await reconciler.StepAsync(None);
        await reconciler.StepAsync(None);
        Assert.Empty(north.Site.Replica.List(IdentityKinds.Revocation));
        Assert.Empty(north.Site.Replica.ListDeleted(IdentityKinds.Revocation));
    }

    [Fact]
    public async Task Only_the_holder_or_an_administrator_may_revoke()
    {
        await using var north = await IdentitySite.StartAsync("north", _time);
        await north.AddUserAsync("ann", "a");
        await north.AddUserAsync("bob", "b");
        var ann = (await north.LogInAsync("ann", "a", "ann")).Value;
        var bob = (await north.LogInAsync("bob", "b", "bob")).Value;
        Assert.Equal(RefusalKind.NotAllowed, (await north.Tokens.RevokeAsync(bob.Actor, ann.Text, None)).Refusal!.Kind);
        Assert.False(north.Tokens.Verify(ann.Text).IsRefused);
        Assert.False((await north.Tokens.RevokeAsync((await north.AdminTokenAsync()).Actor, ann.Text, None)).IsRefused);
        Assert.True(north.Tokens.Verify(ann.Text).IsRefused);
    }

    [Fact]
    public async Task What_a_token_allows_follows_the_state_and_not_the_token()
    {
        await using var north = await IdentitySite.StartAsync("north", _time);
        var user = await north.AddUserAsync("ann", "a");
        var token = (await north.LogInAsync("ann", "a", "ann")).Value;
        Assert.Equal(["member", "reader"], token.Roles.Select(role => role.Name));
        var scope = token.Claims.Scope;
        Task<Outcome<User>> Change(UserChanges changes) => north.Users.UpdateAsync(DomainSite.Admin, user.Id, changes, None).AsTask();
        bool IsValid() => !north.Tokens.Verify(token.Text).IsRefused;

        var admin = new RoleAssignment(user.Id, WellKnown.RoleId("admin"), scope);
        await north.Assignments.GrantAsync(DomainSite.Admin, admin, None);
        Assert.True(north.Tokens.Verify(token.Text).Value.Actor.IsAdmin);
        await north.Assignments.RevokeAsync(DomainSite.Admin, admin, None);
        Assert.False(north.Tokens.Verify(token.Text).Value.Actor.IsAdmin);

        await Change(new UserChanges(IsEnabled: false));
        Assert.False(IsValid());
        await Change(new UserChanges(IsEnabled: true));
        Assert.True(IsValid());

        await north.Projects.UpdateAsync(DomainSite.Admin, scope.Id, new ProjectChanges(IsEnabled: false), None);
        Assert.False(IsValid());
        await north.Projects.UpdateAsync(DomainSite.Admin, scope.Id, new ProjectChanges(IsEnabled: true), None);
        Assert.True(IsValid());

        var member = new RoleAssignment(user.Id, WellKnown.RoleId("member"), scope);
        await north.Assignments.RevokeAsync(DomainSite.Admin, member, None);
        Assert.False(IsValid());
        await north.Assignments.GrantAsync(DomainSite.Admin, member, None);
        Assert.True(IsValid());

        await Change(new UserChanges(Password: "another"));
        Assert.False(IsValid());
        Assert.True((await north.LogInAsync("ann", "a", "ann")).IsRefused);
        Assert.False((await north.LogInAsync("ann", "another", "ann")).IsRefused);
    }

    [Fact]
    public async Task All_reasons_not_to_log_in_look_alike()
    {
        await using var north = await IdentitySite.StartAsync("north", _time);
        await north.AddUserAsync("ann", "a");
        var wrongPassword = (await north.LogInAsync("ann", "b")).Refusal;
        Assert.Equal(RefusalKind.NotAuthenticated, wrongPassword!.Kind);
        Assert.Equal(wrongPassword, (await north.LogInAsync("nobody", "a")).Refusal);
        var noRole = (await north.LogInAsync("ann", "a", "admin")).Refusal;
        var noProject = (await north.LogInAsync("ann", "a", "nothing")).Refusal;
        Assert.Equal(noRole!.Message.Replace("admin", "X"), noProject!.Message.Replace("nothing", "X"));
    }
}
