using Skerry.Domain.Conflicts;
using Skerry.Domain.Identity;
using Skerry.Domain.Tests.Identity;
using Skerry.Domain.Volumes;
using Skerry.State.Merging;
using Skerry.TestKit.Domain;
using Skerry.TestKit.Time;

namespace Skerry.Domain.Tests.Conflicts;

public sealed class NameConflictTests
{
    private static readonly CancellationToken None = CancellationToken.None;
    private static readonly Actor Admin = DomainSite.Admin;
    private readonly ManualTime _time = new();

    [Fact]
    public async Task Of_two_users_of_one_name_the_first_keeps_it_and_both_can_be_found_log_in_and_be_renamed()
    {
        await using var north = await IdentitySite.StartAsync("north", _time);
        await using var south = await IdentitySite.StartAsync("south", _time, north);
        var first = (await north.Users.CreateAsync(Admin, new NewUser("Ann", Password: "north secret"), None)).Value;
        _time.Advance(TimeSpan.FromSeconds(1));
        var second = (await south.Users.CreateAsync(Admin, new NewUser("ann", Password: "south secret"), None)).Value;
        Assert.Empty(north.Site.Conflicts.List(Admin));
        await DomainSite.ExchangeAsync(north.Site, south.Site);

        var derived = $"ann~{second.Id[..8]}";
        foreach (var site in (IdentitySite[])[north, south])
        {
            Assert.Equal("Ann", site.Users.Show(Admin, first.Id).Value.Name);
            Assert.Equal(derived, site.Users.Show(Admin, second.Id).Value.Name);
            Assert.Equal(first.Id, Assert.Single(site.Users.List(Admin, new UserFilter(Name: "ANN")).Value).Id);
            Assert.Equal(second.Id, Assert.Single(site.Users.List(Admin, new UserFilter(Name: derived)).Value).Id);
            Assert.Equal(first.Id, await LoginAsync(site, "ann", "north secret"));
            Assert.Null(await LoginAsync(site, "ann", "south secret"));
            Assert.Equal(second.Id, await LoginAsync(site, derived, "south secret"));
            var conflict = Assert.Single(site.Site.Conflicts.List(Admin, new ConflictFilter { Type = ConflictTypes.Name }));
            Assert.Equal(($"user/{second.Id}/$name", derived), (conflict.Id, conflict.EntityName));
            Assert.Equal(("north", "south"), (conflict.Winner!.SiteName, Assert.Single(conflict.Losers).SiteName));
        }

        var id = $"user/{second.Id}/$name";
        Assert.Equal("choice", (await south.Site.Conflicts.PickAsync(Admin, id, 1, None)).Refusal!.Field);
        Assert.Equal("value", (await south.Site.Conflicts.SetAsync(Admin, id, FieldValue.FromString("ANN"), None)).Refusal!.Field);
        Assert.Equal("value", (await south.Site.Conflicts.SetAsync(Admin, id, FieldValue.From(1), None)).Refusal!.Field);
        Assert.False((await south.Site.Conflicts.SetAsync(Admin, id, FieldValue.FromString("ann-south"), None)).IsRefused);
        await DomainSite.ExchangeAsync(north.Site, south.Site);
        Assert.Empty(north.Site.Conflicts.List(Admin));
        Assert.Equal("ann-south", north.Users.Show(Admin, second.Id).Value.Name);
    }

    [Fact]
    public async Task A_rename_of_the_first_gives_the_name_to_the_other()
    {
        await using var north = await IdentitySite.StartAsync("north", _time);
        await using var south = await IdentitySite.StartAsync("south", _time, north);
        var first = (await north.Projects.CreateAsync(Admin, new NewProject("web"), None)).Value;
        _time.Advance(TimeSpan.FromSeconds(1));
        var second = (await south.Projects.CreateAsync(Admin, new NewProject("web"), None)).Value;
        var domains = ((await north.Domains.CreateAsync(Admin, new NewDomain("lab"), None)).Value, (await south.Domains.CreateAsync(Admin, new NewDomain("Lab"), None)).Value);
        await DomainSite.ExchangeAsync(north.Site, south.Site);
        Assert.Equal(["domain", "project"], south.Site.Conflicts.List(Admin).Select(c => c.Kind));
        Assert.NotEqual(north.Domains.Show(domains.Item1.Id).Value.Name, north.Domains.Show(domains.Item2.Id).Value.Name, StringComparer.OrdinalIgnoreCase);

        await south.Projects.UpdateAsync(Admin, first.Id, new ProjectChanges("web-old"), None);
        await DomainSite.ExchangeAsync(north.Site, south.Site);
        Assert.Equal("web", north.Projects.Show(Admin, second.Id).Value.Name);
        Assert.Equal(["domain"], north.Site.Conflicts.List(Admin).Select(c => c.Kind));
    }

    [Fact]
    public async Task Types_of_volumes_and_their_rates_are_told_apart_in_the_same_way()
    {
        await using var north = await DomainSite.StartAsync("north", _time);
        await using var south = await DomainSite.StartAsync("south", _time);
        await DomainSite.ExchangeAsync(north, south);
        var first = (await north.Types.CreateAsync(Admin, new("gold"), None)).Value;
        await north.Qos.CreateAsync(Admin, "fast", null, new Dictionary<string, string>(), None);
        _time.Advance(TimeSpan.FromSeconds(1));
        var second = (await south.Types.CreateAsync(Admin, new("Gold"), None)).Value;
        await south.Qos.CreateAsync(Admin, "fast", null, new Dictionary<string, string>(), None);
        await DomainSite.ExchangeAsync(north, south);

        Assert.Equal(first.Id, south.Types.Show(Admin, "gold").Value.Id);
        Assert.Equal($"Gold~{second.Id[..8]}", south.Types.Show(Admin, second.Id).Value.Name);
        Assert.Equal(second.Id, south.Types.Show(Admin, $"Gold~{second.Id[..8]}").Value.Id);
        Assert.Equal(["qos_spec", "volume_type"], north.Conflicts.List(Admin, new ConflictFilter { Type = ConflictTypes.Name }).Select(c => c.Kind));
        Assert.Equal(RefusalKind.Conflict, (await north.Types.CreateAsync(Admin, new("GOLD"), None)).Refusal!.Kind);

        var volume = (await south.Volumes.CreateAsync(Admin, new() { SizeGib = 1, Type = second.Id, Site = "south" }, None)).Value;
        Assert.Equal($"Gold~{second.Id[..8]}", volume.TypeName);
        Assert.False((await north.Types.UpdateAsync(Admin, second.Id, new UpdateVolumeTypeRequest { Name = "silver" }, None)).IsRefused);
        Assert.Equal(["qos_spec"], north.Conflicts.List(Admin).Select(c => c.Kind));
    }

    private static async Task<string?> LoginAsync(IdentitySite site, string name, string password)
    {
        var outcome = await site.Tokens.IssueAsync(
            new TokenRequest(new IdentityReference(Name: name, DomainId: WellKnown.DefaultDomainId), password, null, new RequestedScope.Unscoped()), None);
        return outcome.IsRefused ? null : outcome.Value.User.Id;
    }
}
