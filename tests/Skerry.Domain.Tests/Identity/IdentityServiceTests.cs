using Skerry.Domain.Identity;
using Skerry.TestKit.Domain;
using Skerry.TestKit.Time;

namespace Skerry.Domain.Tests.Identity;

public sealed class IdentityServiceTests
{
    private static readonly CancellationToken None = CancellationToken.None;
    private static readonly Actor Admin = DomainSite.Admin;
    private readonly ManualTime _time = new();

    [Fact]
    public async Task Sites_that_started_apart_mean_the_same_by_what_is_always_there()
    {
        await using var north = await IdentitySite.StartAsync("north", _time);
        await using var south = await IdentitySite.StartAsync("south", _time);
        var a = await north.AdminTokenAsync();
        var b = await south.AdminTokenAsync();
        Assert.Equal((a.User.Id, a.Project!.Id), (b.User.Id, b.Project!.Id));
        Assert.Equal(a.Roles, b.Roles);
        Assert.False(north.Bootstrap.IsNeeded);

        // A second start with another password changes nothing.
        await north.Bootstrap.RunAsync("other", None);
        Assert.True((await north.LogInAsync("admin", "other")).IsRefused);
        Assert.NotEqual(north.Bootstrap.NewPassword(), north.Bootstrap.NewPassword());
    }

    [Fact]
    public async Task Of_two_holders_of_one_name_the_first_keeps_it_and_both_can_log_in()
    {
        await using var north = await IdentitySite.StartAsync("north", _time);
        await using var south = await IdentitySite.StartAsync("south", _time, north);
        var first = await north.AddUserAsync("ann", "first");
        _time.Advance(TimeSpan.FromSeconds(1));
        var second = await south.AddUserAsync("Ann", "second");
        await DomainSite.ExchangeAsync(north.Site, south.Site);

        var derived = $"Ann~{second.Id[..8]}";
        foreach (var site in new[] { north, south })
        {
            Assert.Equal("ann", site.Users.Show(Admin, first.Id).Value.Name);
            var renamed = site.Users.Show(Admin, second.Id).Value;
            Assert.Equal((derived, "Ann"), (renamed.Name, renamed.WantedName));
            Assert.Equal([derived, "admin", "ann"], site.Users.List(Admin, new UserFilter()).Value.Select(user => user.Name));
            Assert.Equal(first.Id, (await site.LogInAsync("ANN", "first", null)).Value.User.Id);
            Assert.Equal(second.Id, (await site.LogInAsync(derived, "second", null)).Value.User.Id);
            Assert.Equal(derived, site.Projects.ListOf(Admin, second.Id).Value.Single().Name.Replace(
                site.Projects.ListOf(Admin, second.Id).Value.Single().Id[..8], second.Id[..8]));
        }

        // Renaming either settles it, as does deleting the first.
        Assert.False((await south.Users.DeleteAsync(Admin, first.Id, None)).IsRefused);
        Assert.Equal("Ann", south.Users.Show(Admin, second.Id).Value.Name);
    }

    [Fact]
    public async Task A_password_changed_at_two_sites_is_one_of_the_two_everywhere_and_shown_nowhere()
    {
        await using var north = await IdentitySite.StartAsync("north", _time);
        await using var south = await IdentitySite.StartAsync("south", _time, north);
        var user = await north.AddUserAsync("ann", "old");
        await DomainSite.ExchangeAsync(north.Site, south.Site);
        await north.Users.UpdateAsync(Admin, user.Id, new UserChanges(Password: "earlier"), None);
        var lost = (await north.LogInAsync("ann", "earlier", "ann")).Value;
        _time.Advance(TimeSpan.FromSeconds(1));
        await south.Users.UpdateAsync(Admin, user.Id, new UserChanges(Password: "later"), None);
        await DomainSite.ExchangeAsync(north.Site, south.Site);
        foreach (var site in new[] { north, south })
        {
            Assert.True((await site.LogInAsync("ann", "earlier", "ann")).IsRefused);
            Assert.False((await site.LogInAsync("ann", "later", "ann")).IsRefused);
            Assert.True(site.Tokens.Verify(lost.Text).IsRefused);
            var conflict = site.Site.Conflicts.List(Admin).Single();
            Assert.Equal(("password", "\"(secret)\""), (conflict.Field, conflict.Winner!.Value.ToString()));
            Assert.All(conflict.Losers, loser => Assert.Equal("\"(secret)\"", loser.Value.ToString()));
        }

        var id = north.Site.Conflicts.List(Admin).Single().Id;
        Assert.Equal(
            RefusalKind.Invalid,
            (await north.Site.Conflicts.SetAsync(Admin, id, Skerry.State.Merging.FieldValue.FromString("x"), None)).Refusal!.Kind);
        Assert.False((await north.Site.Conflicts.PickAsync(Admin, id, 1, None)).IsRefused);
        Assert.False((await north.LogInAsync("ann", "earlier", "ann")).IsRefused);
    }

    [Fact]
    public async Task A_name_that_is_known_to_be_taken_is_refused()
    {
        await using var north = await IdentitySite.StartAsync("north", _time);
        await north.AddUserAsync("ann", "a");
        var user = await north.Users.CreateAsync(Admin, new NewUser("ANN"), None);
        Assert.Equal((RefusalKind.Conflict, "name"), (user.Refusal!.Kind, user.Refusal.Field));
        var project = await north.Projects.CreateAsync(Admin, new NewProject("ann"), None);
        Assert.Equal(RefusalKind.Conflict, project.Refusal!.Kind);
        var domain = await north.Domains.CreateAsync(Admin, new NewDomain("default"), None);
        Assert.Equal(RefusalKind.Conflict, domain.Refusal!.Kind);
        Assert.Equal(RefusalKind.Conflict, (await north.Roles.CreateAsync(Admin, "Admin", null, None)).Refusal!.Kind);

        // The same name is free in another domain, and one's own name is no conflict.
        var other = (await north.Domains.CreateAsync(Admin, new NewDomain("other"), None)).Value;
        Assert.False((await north.Users.CreateAsync(Admin, new NewUser("ann", other.Id), None)).IsRefused);
        Assert.False((await north.Domains.UpdateAsync(Admin, other.Id, new DomainChanges("Other"), None)).IsRefused);
    }

    [Theory]
    [InlineData("")]
    [InlineData("   ")]
    [InlineData("a\0b")]
    [InlineData(256)]
    public async Task Names_that_are_no_names_are_refused_by_field(object name)
    {
        var text = name as string ?? new string('x', (int)name);
        await using var north = await IdentitySite.StartAsync("north", _time);
        var vector = north.Site.Replica.Vector;
        foreach (var refusal in new[]
                 {
                     (await north.Users.CreateAsync(Admin, new NewUser(text), None)).Refusal,
                     (await north.Projects.CreateAsync(Admin, new NewProject(text), None)).Refusal,
                     (await north.Domains.CreateAsync(Admin, new NewDomain(text), None)).Refusal,
                     (await north.Roles.CreateAsync(Admin, text, null, None)).Refusal,
                 })
        {
            Assert.Equal((RefusalKind.Invalid, "name"), (refusal!.Kind, refusal.Field));
        }

        Assert.Equal(vector, north.Site.Replica.Vector);
    }

    [Fact]
    public async Task Who_is_no_administrator_sees_and_changes_nothing_but_itself()
    {
        await using var north = await IdentitySite.StartAsync("north", _time);
        var user = await north.AddUserAsync("ann", "a");
        var ann = (await north.LogInAsync("ann", "a", "ann")).Value.Actor;
        var grant = new RoleAssignment(user.Id, WellKnown.RoleId("admin"), TokenScope.Project(ann.ProjectId!));
        foreach (var refusal in new[]
                 {
                     north.Users.List(ann, new UserFilter()).Refusal,
                     north.Users.Show(ann, WellKnown.AdminUserId).Refusal,
                     (await north.Users.CreateAsync(ann, new NewUser("x"), None)).Refusal,
                     (await north.Users.UpdateAsync(ann, user.Id, new UserChanges("x"), None)).Refusal,
                     (await north.Users.DeleteAsync(ann, user.Id, None)).Refusal,
                     north.Projects.List(ann, new ProjectFilter()).Refusal,
                     north.Projects.Show(ann, WellKnown.AdminProjectId).Refusal,
                     (await north.Projects.CreateAsync(ann, new NewProject("x"), None)).Refusal,
                     (await north.Projects.DeleteAsync(ann, WellKnown.AdminProjectId, None)).Refusal,
                     (await north.Domains.CreateAsync(ann, new NewDomain("x"), None)).Refusal,
                     (await north.Roles.CreateAsync(ann, "x", null, None)).Refusal,
                     north.Assignments.List(ann, new AssignmentFilter()).Refusal,
                     (await north.Assignments.GrantAsync(ann, grant, None)).Refusal,
                 })
        {
            Assert.Equal(RefusalKind.NotAllowed, refusal!.Kind);
        }

        Assert.Equal("ann", north.Users.Show(ann, user.Id).Value.Name);
        Assert.Equal(["ann"], north.Projects.ListOf(ann, user.Id).Value.Select(project => project.Name));
        Assert.Equal(
            RefusalKind.NotAuthenticated, (await north.Users.ChangePasswordAsync(ann, user.Id, "wrong", "new", None)).Refusal!.Kind);
        Assert.False((await north.Users.ChangePasswordAsync(ann, user.Id, "a", "new", None)).IsRefused);
        Assert.False((await north.LogInAsync("ann", "new", "ann")).IsRefused);
    }

    [Fact]
    public async Task A_role_taken_away_can_be_given_again_and_what_is_deleted_takes_its_grants_along()
    {
        await using var north = await IdentitySite.StartAsync("north", _time);
        var user = await north.AddUserAsync("ann", "a");
        var project = north.Projects.ListOf(Admin, user.Id).Value.Single();
        var grant = new RoleAssignment(user.Id, WellKnown.RoleId("member"), TokenScope.Project(project.Id));
        Assert.False(north.Assignments.Check(Admin, grant).IsRefused);
        Assert.False((await north.Assignments.RevokeAsync(Admin, grant, None)).IsRefused);
        Assert.Equal(RefusalKind.NotFound, north.Assignments.Check(Admin, grant).Refusal!.Kind);
        Assert.False((await north.Assignments.GrantAsync(Admin, grant, None)).IsRefused);
        Assert.False((await north.Assignments.GrantAsync(Admin, grant, None)).IsRefused);
        Assert.Equal([grant], north.Assignments.List(Admin, new AssignmentFilter(user.Id)).Value);
        Assert.Equal(
            ["member", "reader"],
            north.Assignments.ListEffective(Admin, new AssignmentFilter(user.Id)).Value
                .Select(effective => north.Roles.Show(Admin, effective.RoleId).Value.Name));

        Assert.False((await north.Projects.DeleteAsync(Admin, project.Id, None)).IsRefused);
        Assert.Empty(north.Assignments.List(Admin, new AssignmentFilter(user.Id)).Value);
        Assert.Equal(RefusalKind.NotFound, (await north.Assignments.GrantAsync(Admin, grant, None)).Refusal!.Kind);
    }

    [Fact]
    public async Task A_domain_goes_only_when_disabled_and_takes_what_is_in_it_along()
    {
        await using var north = await IdentitySite.StartAsync("north", _time);
        var domain = (await north.Domains.CreateAsync(Admin, new NewDomain("lab"), None)).Value;
        var user = (await north.Users.CreateAsync(Admin, new NewUser("ann", domain.Id), None)).Value;
        var project = (await north.Projects.CreateAsync(Admin, new NewProject("lab", domain.Id), None)).Value;
        Assert.Equal(RefusalKind.NotAllowed, (await north.Domains.DeleteAsync(Admin, domain.Id, None)).Refusal!.Kind);
        await north.Domains.UpdateAsync(Admin, domain.Id, new DomainChanges(IsEnabled: false), None);
        Assert.False((await north.Domains.DeleteAsync(Admin, domain.Id, None)).IsRefused);
        Assert.True(north.Users.Show(Admin, user.Id).IsRefused);
        Assert.True(north.Projects.Show(Admin, project.Id).IsRefused);
        Assert.Equal(
            RefusalKind.State,
            (await north.Domains.UpdateAsync(Admin, "default", new DomainChanges(IsEnabled: false), None)).Refusal!.Kind);
    }
}
