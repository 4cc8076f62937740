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
    public async Task What_a_join_made_the_site_forget_is_told_again_at_once()
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
    public async Task A_type_that_an_administrator_deleted_stays_deleted()
    {
        await using var site = await DomainSite.StartAsync("north", _time);
        await site.Types.DeleteAsync(DomainSite.Admin, "native", None);
        await new BackendReconciler(site.Context, new VolumeDrivers([site.Driver]), ReplicationTargets.Any).StepAsync(None);
        await site.RestartAsync();
        Assert.Empty(site.Types.List(DomainSite.Admin));
    }
}
