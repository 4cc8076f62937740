using Skerry.Domain.Recovery;
using Skerry.Domain.Replication;
using Skerry.Domain.Volumes;
using Skerry.State;
using Skerry.State.Clocks;
using Skerry.State.Storage;

namespace Skerry.Domain.Tests.Recovery;

public sealed class HandoverTests
{
    private static readonly CommitOptions Author = new("test");

    [Fact]
    public async Task A_hold_stands_though_an_earlier_one_of_the_volume_was_cleared()
    {
        var cancellationToken = TestContext.Current.CancellationToken;
        await using var replica = await Replica.OpenAsync(
            new State.ReplicaOptions { Site = new SiteId(1), Schema = DomainSchema.Schema }, new MemoryStore(), TimeProvider.System, new Random(1), cancellationToken);
        var site = replica.Site.ToString();
        for (var number = 1; number <= 3; number++)
        {
            var generation = new Generation("volume", number, $"generation-{number}", site, 0, null, Planned: true);
            await replica.CommitAsync(t => Generations.Write(t, generation), Author, cancellationToken);
            Assert.True(WritePermission.Of(StateView.Of(replica), site, "volume").IsAllowed);

            await replica.CommitAsync(t => new Handover("volume", generation.Id, $"operation-{number}", "why").Write(t), Author, cancellationToken);
            Assert.Equal("why", WritePermission.Of(StateView.Of(replica), site, "volume").Reason);

            await replica.CommitAsync(t => Handover.Clear(t, "volume"), Author, cancellationToken);
            Assert.True(WritePermission.Of(StateView.Of(replica), site, "volume").IsAllowed);
        }
    }
}
