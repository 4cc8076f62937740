using Skerry.Domain.Alerts;
using Skerry.Domain.Sites;
using Skerry.State;
using Skerry.State.Merging;

namespace Skerry.Domain.Tests.Sites;

/// <summary>A write that its maker was not allowed to make is never effective, at any site alike, and shows as an alert with its maker.</summary>
public sealed class AuthorityTests
{
    [Fact]
    public async Task A_member_cannot_give_another_a_key_or_an_address_or_speak_for_its_end_of_a_link()
    {
        var town = new Town();
        var (north, south, rogue) = (await town.BuildAsync("north"), await town.BuildAsync("south"), await town.BuildAsync("rogue"));
        await south.JoinAsync(await north.InviteAsync());
        await rogue.JoinAsync(await north.InviteAsync());
        await ExchangeAllAsync(north, south, rogue);
        Assert.All([north, south, rogue], m => Assert.Empty(m.Replica.RefusedChanges));
        var link = LinkEnds.Of(north.Id, south.Id);
        var before = north.Replica.Find(SiteFields.Site(south.Id))!.Text(SiteFields.Certificate);

        await rogue.Replica.CommitAsync(
            t =>
            {
                t.Set(SiteFields.Site(south.Id), SiteFields.Certificate, FieldValue.FromString(rogue.CertificatePem), DomainSchema.OwnerRank);
                t.Set(SiteFields.Site(south.Id), SiteFields.TokenKey, FieldValue.FromString("mine"), DomainSchema.OwnerRank);
                t.Set(link.Key, link.DownBy(south.Id), FieldValue.FromString("down"));
                t.Set(SiteFields.Site(rogue.Id), SiteFields.ApiUrl, FieldValue.FromString("http://rogue"), DomainSchema.OwnerRank);
            },
            new CommitOptions("rogue"), CancellationToken.None);
        await ExchangeAllAsync(rogue, south, north);

        foreach (var member in new[] { north, south, rogue })
        {
            Assert.Equal(before, member.Replica.Find(SiteFields.Site(south.Id))!.Text(SiteFields.Certificate));
            Assert.NotEqual("mine", member.Replica.Find(SiteFields.Site(south.Id))!.Text(SiteFields.TokenKey));
            Assert.False(member.Replica.Find(link.Key)!.IsDown(link));
            Assert.Equal(3, member.Replica.RefusedChanges.Count);

            // What was its own to write in the same mutation stands.
            Assert.Equal("http://rogue", member.Replica.Find(SiteFields.Site(rogue.Id))!.Text(SiteFields.ApiUrl));
            var alert = Assert.Single(new RefusedChangeAlerts(member.Context).Standing());
            Assert.Equal(("trust.not_allowed", rogue.Id), (alert.Kind, alert.Site));
            Assert.Contains("rogue", alert.Text, StringComparison.Ordinal);
        }

        Assert.Equal(north.Replica.Digest(), south.Replica.Digest());
        Assert.Equal(north.Replica.Digest(), rogue.Replica.Digest());
    }

    private static async Task ExchangeAllAsync(params Town.Member[] members)
    {
        for (var round = 0; round < 2; round++)
        {
            await Town.ExchangeAsync(members[0], members[1]);
            await Town.ExchangeAsync(members[1], members[2]);
        }
    }
}
