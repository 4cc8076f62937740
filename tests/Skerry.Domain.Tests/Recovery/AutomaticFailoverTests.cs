using Skerry.Domain.Groups;
using Skerry.Domain.Recovery;
using Skerry.Domain.Replication;
using Skerry.Domain.Volumes;
using Skerry.State;
using Skerry.State.Clocks;
using Skerry.State.Storage;

namespace Skerry.Domain.Tests.Recovery;

public sealed class AutomaticFailoverTests
{
    private static readonly CommitOptions Author = new("test");

    [Fact]
    public async Task A_volume_that_came_into_a_group_at_another_site_meanwhile_is_not_promoted_alone()
    {
        var cancellationToken = TestContext.Current.CancellationToken;
        await using var replica = await Replica.OpenAsync(
            new State.ReplicaOptions { Site = new SiteId(1), Schema = DomainSchema.Schema }, new MemoryStore(), TimeProvider.System, new Random(1), cancellationToken);
        var (self, primary) = (replica.Site.ToString(), new SiteId(2).ToString());
        await replica.CommitAsync(
            t =>
            {
                t.Set(VolumeEntity.Key("volume"), "name", "data");
                Generations.Write(t, new Generation("volume", 1, "generation", primary, 0, null, Planned: true));
                foreach (var (field, value) in ((string, string)[])
                [
                    (Relation.VolumeIdField, "volume"), (Relation.HomeSiteField, primary), (Relation.TargetSiteField, self),
                    (Relation.OnIsolationField, IsolationPolicies.Stop), (Relation.FailoverField, FailoverPolicies.Automatic),
                ])
                {
                    t.Set(Relation.Key("relation"), field, value);
                }
            },
            Author, cancellationToken);
        Assert.Equal("relation", AutomaticFailoverReconciler.Find(StateView.Of(replica), self, "volume")?.Id);

        await replica.CommitAsync(
            t =>
            {
                new Group("group", "database", null, null, ReplicationModes.Instant, null, null, ReturnPolicies.Resync, 5, DateTimeOffset.UnixEpoch).Write(t);
                GroupMembers.Add(t, "volume", "group");
            },
            Author, cancellationToken);
        Assert.Null(AutomaticFailoverReconciler.Find(StateView.Of(replica), self, "volume"));
    }
}
