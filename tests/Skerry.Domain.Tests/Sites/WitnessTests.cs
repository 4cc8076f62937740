using Skerry.Domain.Sites;
using Skerry.State;
using Skerry.State.Merging;

namespace Skerry.Domain.Tests.Sites;

public sealed class WitnessTests
{
    private readonly Town _town = new();
    private readonly List<Town.Member> _sites = [];

    [Fact]
    public async Task A_quorum_of_witnesses_makes_a_site_failed_until_one_of_them_hears_it()
    {
        await BuildAsync();
        var (a, b, lost, viewer) = (_sites[0], _sites[1], _sites[3], _sites[4]);
        SilenceOf(lost);
        await PassAsync(50);
        Assert.All(_sites.Where(s => s != lost), s => Assert.Equal(Aliveness.Autonomous, Of(s, lost)));

        await PassAsync(20);
        Assert.All(_sites.Where(s => s != lost), s => Assert.Equal(Aliveness.Failed, Of(s, lost)));
        var shown = viewer.Sites.Show(Town.Admin, "lost").Value;
        Assert.StartsWith("3 of 3 witnesses have not heard it", shown.Reason, StringComparison.Ordinal);
        Assert.Equal(3, shown.Knowledge.Count(k => k.Says.StartsWith("votes", StringComparison.Ordinal)));

        // Renewals keep it so, and cost a mutation a minute each.
        var before = a.Replica.Vector;
        await PassAsync(300);
        Assert.Equal(Aliveness.Failed, Of(viewer, lost));
        Assert.InRange(Mutations(a, before), 3 * 4, 3 * 6);

        // Two hear it for a moment: votes are taken back at once, and a third alone is no quorum.
        a.Hears(lost, LinkHealth.Live);
        b.Hears(lost, LinkHealth.Live);
        await PassAsync(1);
        SilenceOf(lost);
        await PassAsync(2);
        Assert.Equal(Aliveness.Autonomous, Of(viewer, lost));
        await PassAsync(50);
        Assert.Equal(Aliveness.Autonomous, Of(viewer, lost));
        await PassAsync(15);
        Assert.Equal(Aliveness.Failed, Of(viewer, lost));
    }

    [Fact]
    public async Task A_witness_that_is_cut_off_itself_votes_for_nobodys_loss_and_its_old_votes_age_out()
    {
        await BuildAsync();
        var (a, b, c, lost, viewer) = (_sites[0], _sites[1], _sites[2], _sites[3], _sites[4]);

        // a hears nobody; the others hear each other, and lost.
        foreach (var other in _sites.Where(s => s != a))
        {
            a.Hears(other, LinkHealth.Silent, _town.Time.GetUtcNow());
            other.Hears(a, LinkHealth.Silent, _town.Time.GetUtcNow());
        }

        await PassAsync(120, apart: a);
        Assert.DoesNotContain(a.Replica.List(EntityKinds.Suspicion), v => v.Fields.Any());
        Assert.Equal(Aliveness.Failed, Of(viewer, a));
        Assert.Equal(Aliveness.Connected, Of(viewer, lost));

        // Now b and c fall silent too, for the viewer: what they voted counts three minutes more and no longer.
        foreach (var witness in new[] { b, c })
        {
            viewer.Hears(witness, LinkHealth.Silent, _town.Time.GetUtcNow());
        }

        for (var second = 0; second < 170; second++)
        {
            _town.Time.Advance(TimeSpan.FromSeconds(1));
            Of(viewer, a);
        }

        Assert.Equal(Aliveness.Failed, Of(viewer, a));
        _town.Time.Advance(TimeSpan.FromSeconds(15));
        Assert.Equal(Aliveness.Autonomous, Of(viewer, a));
    }

    [Fact]
    public async Task A_vote_counts_only_from_its_maker_and_without_a_rule_nobody_votes()
    {
        await BuildAsync();
        var (a, lost, viewer) = (_sites[0], _sites[3], _sites[4]);
        SilenceOf(lost);
        await viewer.Replica.CommitAsync(
            t =>
            {
                foreach (var witness in _sites.Take(3))
                {
                    t.Set(SuspicionVote.Key(witness.Id, lost.Id), SuspicionVote.Field, FieldValue.Serialize(new SuspicionVote("x", 1), SitesJson.Default.SuspicionVote), 1);
                }
            },
            new CommitOptions("forger"), CancellationToken.None);
        Assert.Equal(Aliveness.Autonomous, Of(viewer, lost));

        await a.Replica.CommitAsync(
            t => t.Set(SiteFields.CloudKey, WitnessRule.Field, FieldValue.Serialize(new WitnessRule([], 0, 60), SitesJson.Default.WitnessRule)),
            new CommitOptions("ada"), CancellationToken.None);
        await PassAsync(200);
        Assert.Equal(Aliveness.Autonomous, Of(viewer, lost));
    }

    private static Aliveness Of(Town.Member at, Town.Member site) =>
        at.Sites.List(Town.Admin).Single(s => s.Id == site.Id).Aliveness;

    private static long Mutations(Town.Member site, State.Clocks.VersionVector since) =>
        site.Replica.ReadLog(since, null, int.MaxValue, int.MaxValue).Mutations.Count;

    private async Task BuildAsync()
    {
        foreach (var name in (string[])["a", "b", "c", "lost", "viewer"])
        {
            _sites.Add(await _town.BuildAsync(name));
        }

        foreach (var site in _sites.Skip(1))
        {
            Assert.Null((await site.JoinAsync(await _sites[0].InviteAsync())).Refusal);
            await Town.ExchangeAsync(_sites[0], site);
        }

        await _sites[0].Replica.CommitAsync(
            t => t.Set(SiteFields.CloudKey, WitnessRule.Field, FieldValue.Serialize(new WitnessRule(["a", "b", "c"], 2, 60), SitesJson.Default.WitnessRule)),
            new CommitOptions("ada"), CancellationToken.None);
        foreach (var at in _sites)
        {
            foreach (var other in _sites.Where(s => s != at))
            {
                at.Hears(other, LinkHealth.Live);
            }
        }

        await PassAsync(1);
    }

    private void SilenceOf(Town.Member lost)
    {
        foreach (var site in _sites.Where(s => s != lost))
        {
            site.Hears(lost, LinkHealth.Silent, _town.Time.GetUtcNow());
        }
    }

    /// <summary>Time passes for all: witnesses look each second, and all but the one that is apart hear of it.</summary>
    private async Task PassAsync(int seconds, Town.Member? apart = null)
    {
        for (var second = 0; second < seconds; second++)
        {
            _town.Time.Advance(TimeSpan.FromSeconds(1));
            foreach (var site in _sites.Take(3))
            {
                await site.Witness.StepAsync(CancellationToken.None);
            }

            var together = _sites.Where(s => s != apart && s.Reports.Any(r => r.Health == LinkHealth.Live)).ToList();
            foreach (var site in together.Skip(1))
            {
                await Town.ExchangeAsync(together[0], site);
            }

            foreach (var site in together.Skip(1))
            {
                await Town.ExchangeAsync(together[0], site);
            }
        }
    }
}
