using Skerry.Domain.Replication;
using Skerry.Domain.Volumes;
using Skerry.State.Merging;
using Skerry.TestKit.Domain;
using Skerry.TestKit.Time;

namespace Skerry.Domain.Tests.Volumes;

public sealed class BackendReconcilerTests
{
    private static readonly CancellationToken None = CancellationToken.None;
    private readonly ManualTime _time = new();

    [Fact]
    public async Task What_a_join_made_the_site_forget_istold_again_at_once()
    {
        await using var site = await DomainSite.StartAsync("north", _time);
        var reconciler = new BackendReconciler(site.Context, new VolumeDrivers([site.Driver]), ReplicationTargets.Any);
        await reconciler.StepAsync(None);
        await site.Context.DecideAsync(
            DomainSite.Admin,
            transaction =>
            {
                transaction.Set(new EntityKey(EntityKinds.Site, site.Context.SelfText), BackendReport.Field, FieldValue.Null, DomainSchema.OwnerRank);
                return default(Unit);
            },
            None);
        Assert.Empty(BackendReport.Of(StateView.Of(site.Replica), site.Context.SelfText));
        await reconciler.StepAsync(None);
        Assert.Equal("ssd", Assert.Single(BackendReport.Of(StateView.Of(site.Replica), site.Context.SelfText)).Name);
    }

    [Fact]
    public async Task Its_own_words_do_not_set_it_off_again()
    {
        await using var site = await DomainSite.StartAsync("north", _time);
        var reconciler = new BackendReconciler(site.Context, new VolumeDrivers([site.Driver]), ReplicationTargets.Any);
        await site.Volumes.CreateAsync(DomainSite.Admin, new() { SizeGib = 1 }, None);
        await site.SettleAsync();
        await reconciler.StepAsync(None);
        var before = site.Replica.Vector;
        site.Driver.Write((await site.Driver.ListLocalAsync(None)).Single().VolumeId, 0, new byte[4096]);
        await reconciler.StepAsync(None);
        Assert.Equal(before, site.Replica.Vector);
        _time.Advance(TimeSpan.FromSeconds(31));
        await reconciler.StepAsync(None);
        Assert.Equal(4096, BackendReport.Of(StateView.Of(site.Replica), site.Context.SelfText).Single().AllocatedBytes);
    }

    [Fact]
    public async Task Each_level_of_fullness_istold_once_with_what_to_do_and_at_once()
    {
        await using var site = await DomainSite.StartAsync("north", _time);
        var reconciler = new BackendReconciler(site.Context, new VolumeDrivers([site.Driver]), ReplicationTargets.Any);
        IReadOnlyList<StepReport> told = [];
        Assert.Empty((await reconciler.StepAsync(None)).Reports);
        Assert.Equal("above_80_percent", await LookAsync(150));
        Assert.Contains("85 % full", Assert.Single(told).Message);
        Assert.True(told[0].IsProblem);
        Assert.Contains("skerry volume usage", told[0].Message);
        Assert.Equal("above_80_percent", await LookAsync(149));
        Assert.Empty(told);

        // About as full as was told: no word each time that it passes the mark.
        Assert.Equal("ample", await LookAsync(201));
        Assert.Empty(told);
        Assert.Equal("above_80_percent", await LookAsync(199));
        Assert.Empty(told);
        Assert.Equal("above_95_percent", await LookAsync(10));
        Assert.Contains("about to fail", Assert.Single(told).Message);
        Assert.Equal("full", await LookAsync(0));
        Assert.Contains("Deletes, snapshots and trims still work", Assert.Single(told).Message);
        Assert.Equal("above_90_percent", await LookAsync(80));
        Assert.False(Assert.Single(told).IsProblem);
        Assert.Equal("ample", await LookAsync(900));
        Assert.Contains("more room", Assert.Single(told).Message);

        async Task<string> LookAsync(long freePerMille)
        {
            site.Driver.TakenBytes = (100L << 30) - ((freePerMille << 30) / 10);
            _time.Advance(TimeSpan.FromSeconds(6));
            told = (await reconciler.StepAsync(None)).Reports;
            return BackendReport.Of(StateView.Of(site.Replica), site.Context.SelfText).Single().Fullness.Word;
        }
    }

    [Fact]
    public async Task A_type_that_an_administrator_deleted_stays_deleted()
    {
        await using var site = await DomainSite.StartAsync("north", _time);
        await site.Types.DeleteAsync(DomainSite.Admin, "native", None);
        await new BackendReconciler(site.Context, new VolumeDrivers([site.Driver]), ReplicationTargets.Any).StepAsync(None);
        await site.RestartAsync();
        Assert.Empty(site.Types.List(DomainSite.Admin));
    }
}
