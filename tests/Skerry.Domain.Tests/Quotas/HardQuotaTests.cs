using Skerry.Domain.Quotas;
using Skerry.Domain.Sites;
using Skerry.Domain.Volumes;
using Skerry.State;
using Skerry.State.Merging;
using Skerry.TestKit.Domain;
using Skerry.TestKit.Seeds;
using Skerry.TestKit.Time;

namespace Skerry.Domain.Tests.Quotas;

public sealed class HardQuotaTests
{
    private const string Project = "p1";

    /// <summary>A hundred were run by hand when this was written.</summary>
    private const int Seeds = 20;

    private static readonly CancellationToken None = CancellationToken.None;
    private static readonly Actor Ann = DomainSite.Member("ann", Project);

    [Fact]
    public async Task Sites_apart_never_pass_a_hard_limit_together_whatever_happens() =>
        await Chance.ForEachSeedAsync(Seeds, async chance =>
        {
            await using var cloud = await Cloud.StartAsync(2 + chance.Below(3));
            var limit = 1 + chance.Below(12);
            await cloud.SetAsync(0, new QuotaChange { Volumes = limit, Gigabytes = limit * 2, Snapshots = 2, IsHard = true });
            var most = limit;
            await cloud.MeetAllAsync();
            for (var step = 0; step < 60; step++)
            {
                var at = chance.Below(cloud.Sites.Count);
                switch (chance.Below(8))
                {
                    case 0 or 1 or 2:
                        await cloud.Sites[at].Volumes.CreateAsync(Ann, new() { SizeGib = 1 + chance.Below(3) }, None);
                        break;
                    case 3:
                        await cloud.DeleteOneAsync(at, chance);
                        break;
                    case 4:
                        await cloud.ExtendOneAsync(at, chance);
                        break;
                    case 5 when chance.OneIn(3):
                        // Up or down; what is used or given out already is not taken back, but nothing is added above what was ever allowed.
                        var next = 1 + chance.Below(12);
                        most = Math.Max(most, next);
                        await cloud.SetAsync(at, new QuotaChange { Volumes = next });
                        break;
                    default:
                        await cloud.MeetAsync(at, chance.Below(cloud.Sites.Count));
                        break;
                }

                await cloud.StepAsync(chance.Below(cloud.Sites.Count));
                cloud.Time.Advance(TimeSpan.FromSeconds(chance.Below(20)));
                cloud.Check(most);
            }

            await cloud.SettleAsync();
            cloud.Check(most);
            cloud.CheckSettled();
        });

    [Fact]
    public async Task Two_sides_of_a_cut_use_their_shares_and_a_refusal_says_where_the_rest_is()
    {
        await using var cloud = await Cloud.StartAsync(3);
        await cloud.SetAsync(0, new QuotaChange { Volumes = 12, IsHard = true });
        await cloud.SettleAsync();
        var (home, far) = (cloud.Sites[0], cloud.Sites[2]);

        // Shares moved ahead of need: 12 / (2 * 3) lie at each other site.
        for (var i = 0; i < 2; i++)
        {
            Assert.Null((await far.Volumes.CreateAsync(Ann, new() { SizeGib = 1 }, None)).Refusal);
        }

        var refused = (await far.Volumes.CreateAsync(Ann, new() { SizeGib = 1 }, None)).Refusal!;
        Assert.Equal((RefusalKind.Quota, "volumes"), (refused.Kind, refused.Field));
        Assert.Contains("share 2, in use of it 2", refused.Message, StringComparison.Ordinal);
        Assert.Contains("8 at site site-0, 2 at site site-1", refused.Message, StringComparison.Ordinal);
        Assert.Contains("make it there", refused.NextStep, StringComparison.Ordinal);
        Assert.Equal(8, await cloud.FillAsync(0));

        // Met again, the home has nothing left; what the third holds comes to whom it was refused.
        await cloud.SettleAsync();
        Assert.Equal(1, await cloud.FillAsync(2));
        await cloud.SettleAsync();
        Assert.Equal(1, await cloud.FillAsync(2));
        await cloud.SettleAsync();
        Assert.Equal(12, home.Quotas.Show(Ann, Project).Value.Volumes.Used);
        Assert.All(cloud.Sites, s => Assert.Equal(12, s.Quotas.Show(Ann, Project).Value.Volumes.Used));
    }

    [Fact]
    public async Task A_site_that_is_gone_keeps_its_share_until_a_person_fences_it()
    {
        await using var cloud = await Cloud.StartAsync(2);
        await cloud.SetAsync(0, new QuotaChange { Volumes = 8, IsHard = true });
        await cloud.SettleAsync();
        var home = cloud.Sites[0];
        Assert.Equal(6, await cloud.FillAsync(0));

        await cloud.Sites[0].Replica.CommitAsync(
            t => t.Set(
                SiteFields.Site(cloud.Sites[1].Context.SelfText), SiteFields.Verdict,
                FieldValue.Serialize(new Verdict(Verdict.Failed, null, "ada", Instants.ToField(cloud.Time.GetUtcNow())), SitesJson.Default.Verdict)),
            new CommitOptions("ada"), None);
        await cloud.StepAsync(0);
        Assert.Equal(0, await cloud.FillAsync(0));

        await cloud.FenceAsync(0, 1);
        await cloud.StepAsync(0);
        Assert.Equal(2, await cloud.FillAsync(0));
        Assert.Equal(8, home.Quotas.Show(Ann, Project).Value.Volumes.Used);
    }

    [Fact]
    public async Task A_lowered_limit_takes_effect_as_shares_come_back_and_a_raised_one_at_once()
    {
        await using var cloud = await Cloud.StartAsync(2);
        await cloud.SetAsync(0, new QuotaChange { Volumes = 8, IsHard = true });
        await cloud.SettleAsync();
        await cloud.SetAsync(0, new QuotaChange { Volumes = 1 });
        await cloud.StepAsync(0);

        // The far site has not heard of it: it still may use the 2 that it holds, and the home nothing.
        Assert.Equal((1L, 2L), (Ledger(cloud, 0).Limit, Ledger(cloud, 0).Minted));
        Assert.Equal(2, Ledger(cloud, 1).Of(cloud.Sites[1].Context.SelfText).Free);
        Assert.Equal(0, await cloud.FillAsync(0));
        await cloud.SettleAsync();
        Assert.Equal(1, await cloud.FillAsync(0));
        await cloud.SettleAsync();
        Assert.Equal(0, await cloud.FillAsync(1));

        await cloud.SetAsync(1, new QuotaChange { Volumes = 5 });
        await cloud.SettleAsync();
        Assert.Equal(4, await cloud.FillAsync(0) + await cloud.FillAsync(1));
    }

    [Fact]
    public async Task What_was_made_before_is_charged_to_the_home_and_what_is_over_is_shown()
    {
        await using var cloud = await Cloud.StartAsync(2);
        await cloud.SetAsync(0, new QuotaChange { Volumes = 4 });
        await cloud.MeetAllAsync();

        // Soft: both fill it while apart, and the overrun shows.
        Assert.Equal(4, await cloud.FillAsync(0));
        Assert.Equal(4, await cloud.FillAsync(1));
        await cloud.MeetAllAsync();
        var soft = cloud.Sites[0].Quotas.Standings(DomainSite.Admin, Project).Value.Standings.Single(s => s.Resource == "volumes");
        Assert.Equal((8, 4), (soft.Use.Used, soft.Overrun));
        var alert = Assert.Single(new QuotaAlerts(cloud.Sites[0].Context).Standing());
        Assert.Equal(("quota.overrun:p1.volumes", "Project p1 uses 4 volumes more than its quota."), (alert.Id, alert.Text));

        await cloud.SetAsync(1, new QuotaChange { Volumes = 9, IsHard = true });
        await cloud.SettleAsync();
        var ledger = Ledger(cloud, 0);
        Assert.Equal((8, 0), (ledger.Of(cloud.Sites[0].Context.SelfText).Used, ledger.Of(cloud.Sites[1].Context.SelfText).Used));
        Assert.Equal(1, await cloud.FillAsync(0) + await cloud.FillAsync(1));
    }

    [Fact]
    public async Task What_is_deleted_elsewhere_comes_back_to_who_was_charged_once()
    {
        await using var cloud = await Cloud.StartAsync(2);
        await cloud.SetAsync(0, new QuotaChange { Volumes = 4, IsHard = true });
        await cloud.SettleAsync();
        Assert.Equal(1, await cloud.FillAsync(1));
        await cloud.SettleAsync();

        // Both delete it while apart.
        var key = cloud.Sites[0].Replica.List(EntityKinds.Volume).Single().Key;
        foreach (var site in cloud.Sites)
        {
            await site.Replica.CommitAsync(t => t.Delete(key), new CommitOptions("owner"), None);
        }

        await cloud.SettleAsync();
        Assert.All(cloud.Sites, (_, i) => Assert.Equal(4, Ledger(cloud, i).Shares.Sum(s => s.Free)));
        Assert.Equal(4, await cloud.FillAsync(0) + await cloud.FillAsync(1));
    }

    [Fact]
    public async Task A_restored_site_grants_nothing_of_its_share_until_a_person_has_dealt_with_it()
    {
        await using var cloud = await Cloud.StartAsync(2);
        await cloud.SetAsync(0, new QuotaChange { Volumes = 8, IsHard = true });
        await cloud.SettleAsync();
        var restored = cloud.Sites[1];
        var key = SiteFields.Site(restored.Context.SelfText);
        var record = new IdentityRecord(IdentityRecord.Restored, "2026-01-01T00:00:00Z", "1", [], 3);
        await restored.Replica.CommitAsync(
            t => t.Set(key, SiteFields.Identity, FieldValue.Serialize(record, SitesJson.Default.IdentityRecord), 1), new CommitOptions("identity"), None);

        Assert.Contains("restored or copied", (await restored.Volumes.CreateAsync(Ann, new() { SizeGib = 1 }, None)).Refusal!.Message, StringComparison.Ordinal);
        await cloud.SettleAsync();
        Assert.Equal(2, Ledger(cloud, 0).Of(restored.Context.SelfText).Free);
        await restored.Replica.CommitAsync(
            t => t.Set(key, SiteFields.Accepted, FieldValue.FromString(record.At)), new CommitOptions("ada"), None);
        Assert.Equal(2, await cloud.FillAsync(1));
    }

    [Fact]
    public async Task Only_the_home_hands_on_what_shares_out_unless_it_is_fenced()
    {
        await using var cloud = await Cloud.StartAsync(3);
        await cloud.SetAsync(0, new QuotaChange { Volumes = 6, IsHard = true });
        await cloud.SettleAsync();
        var refused = await cloud.Sites[1].Quotas.SetAsync(DomainSite.Admin, Project, new QuotaChange { Home = "site-1" }, None);
        Assert.Contains("site fence site-0", refused.Refusal!.NextStep, StringComparison.Ordinal);

        await cloud.SetAsync(0, new QuotaChange { Home = "site-1" });
        await cloud.SettleAsync();
        await cloud.SetAsync(2, new QuotaChange { Volumes = 10 });
        await cloud.SettleAsync();
        Assert.Equal(10, Ledger(cloud, 2).Minted);
        Assert.Equal(cloud.Sites[1].Context.SelfText, Ledger(cloud, 2).Home);

        await cloud.FenceAsync(2, 1);
        await cloud.SetAsync(2, new QuotaChange { Home = "site-2" });
        Assert.Equal(cloud.Sites[2].Context.SelfText, Ledger(cloud, 2).Home);
    }

    private static ShareLedger Ledger(Cloud cloud, int at) => cloud.LedgerAt(at, "volumes");

    /// <summary>Sites that meet when the test says so, each with its reconciler of shares.</summary>
    private sealed class Cloud : IAsyncDisposable
    {
        private readonly List<ShareReconciler> _reconcilers = [];

        public List<DomainSite> Sites { get; } = [];

        public ManualTime Time { get; } = new();

        public static async Task<Cloud> StartAsync(int sites)
        {
            var cloud = new Cloud();
            for (var i = 0; i < sites; i++)
            {
                var site = await DomainSite.StartAsync($"site-{i}", cloud.Time);
                cloud.Sites.Add(site);
                cloud._reconcilers.Add(new ShareReconciler(site.Context));
            }

            await cloud.Sites[0].Replica.CommitAsync(
                t =>
                {
                    t.Set(SiteFields.CloudKey, SiteFields.CloudId, FieldValue.FromString("cloud"));
                    foreach (var site in cloud.Sites)
                    {
                        t.Set(SiteFields.Site(site.Context.SelfText), SiteFields.Name, FieldValue.FromString(site.Context.SiteName));
                    }
                },
                new CommitOptions("first"), None);
            await cloud.MeetAllAsync();
            return cloud;
        }

        public async Task SetAsync(int at, QuotaChange change) =>
            Assert.Null((await Sites[at].Quotas.SetAsync(DomainSite.Admin, Project, change, None)).Refusal);

        public async Task FenceAsync(int at, int other) => await Sites[at].Replica.CommitAsync(
            t => t.Set(
                SiteFields.Site(Sites[other].Context.SelfText), SiteFields.Verdict,
                FieldValue.Serialize(new Verdict(Verdict.Fenced, null, "ada", Instants.ToField(Time.GetUtcNow())), SitesJson.Default.Verdict)),
            new CommitOptions("ada"), None);

        public async Task StepAsync(int at) => await _reconcilers[at].StepAsync(None);

        public async Task MeetAsync(int a, int b)
        {
            foreach (var (from, to) in new[] { (a, b), (b, a) })
            {
                await Sites[to].Replica.ApplyAsync(
                    Sites[from].Replica.ReadLog(Sites[to].Replica.Vector, null, int.MaxValue, int.MaxValue).Mutations, None);
            }
        }

        public async Task MeetAllAsync()
        {
            for (var round = 0; round < 2; round++)
            {
                for (var i = 1; i < Sites.Count; i++)
                {
                    await MeetAsync(0, i);
                }
            }
        }

        public async Task SettleAsync()
        {
            for (var round = 0; round < 8; round++)
            {
                for (var i = 0; i < Sites.Count; i++)
                {
                    await StepAsync(i);
                }

                await MeetAllAsync();
                Time.Advance(TimeSpan.FromSeconds(2));
            }
        }

        /// <summary>Makes volumes until it is refused; how many.</summary>
        public async Task<int> FillAsync(int at)
        {
            var made = 0;
            while ((await Sites[at].Volumes.CreateAsync(Ann, new() { SizeGib = 1 }, None)).Refusal is null)
            {
                made++;
            }

            return made;
        }

        public async Task DeleteOneAsync(int at, Chance chance)
        {
            if (Sites[at].Replica.List(EntityKinds.Volume) is { Count: > 0 } volumes)
            {
                var key = chance.Pick(volumes.ToList()).Key;
                await Sites[at].Replica.CommitAsync(t => t.Delete(key), new CommitOptions("owner"), None);
            }
        }

        public async Task ExtendOneAsync(int at, Chance chance)
        {
            var site = Sites[at];
            if (site.Replica.List(EntityKinds.Volume) is { Count: > 0 } volumes)
            {
                var volume = chance.Pick(volumes.ToList());
                await site.Replica.CommitAsync(t => VolumeEntity.WriteStatus(t, volume.Key, VolumeStatus.Available, null), new CommitOptions("owner"), None);
                await site.Volumes.ExtendAsync(Ann, volume.Id, (volume.Integer("size_gib") ?? 1) + 1 + chance.Below(2), None);
            }
        }

        public ShareLedger LedgerAt(int at, string resource)
        {
            var state = StateView.Of(Sites[at].Replica);
            return ShareLedger.Read(state, Project, resource, QuotaService.LimitOf(state, Project, resource));
        }

        /// <summary>In what each site knows, and so in what any of them know together after they meet.</summary>
        public void Check(long most)
        {
            for (var i = 0; i < Sites.Count; i++)
            {
                foreach (var resource in QuotaResource.All)
                {
                    var ledger = LedgerAt(i, resource);
                    Assert.True(resource != "volumes" || ledger.Minted <= most, $"site {i} knows of {ledger.Minted} volumes, and at most {most} were allowed");
                    foreach (var share in ledger.Shares)
                    {
                        Assert.True(share.Free >= 0, $"site {i} sees {share.Site} use {share.Used} {resource} of {share.Share}");
                    }

                    Assert.Equal(ledger.Minted, ledger.Shares.Sum(s => s.Share));
                }

                Assert.InRange(Sites[i].Replica.List(EntityKinds.Volume).Count, 0, most);
            }

            // As if all of them met now: the union of what was made, and nothing that somebody knows to be deleted.
            var all = Sites.SelectMany(s => s.Replica.List(EntityKinds.Volume))
                .Where(v => Sites.All(s => s.Replica.Find(v.Key) is not { IsDeleted: true }))
                .Select(v => v.Id).ToHashSet();
            Assert.InRange(all.Count, 0, most);
        }

        public void CheckSettled()
        {
            for (var i = 1; i < Sites.Count; i++)
            {
                Assert.Equal(Sites[0].Replica.Digest(), Sites[i].Replica.Digest());
            }

            var volumes = Sites[0].Replica.List(EntityKinds.Volume).Count;
            Assert.Equal(volumes, LedgerAt(0, "volumes").Shares.Sum(s => s.Used));
            Assert.Equal(Math.Max(LedgerAt(0, "volumes").Limit, volumes), LedgerAt(0, "volumes").Minted);
        }

        public async ValueTask DisposeAsync()
        {
            foreach (var site in Sites)
            {
                await site.DisposeAsync();
            }
        }
    }
}
