using Skerry.Domain.Replication;

namespace Skerry.Domain.Tests.Replication;

/// <summary>Who sends to whom, for every primary that a volume's copies can have.</summary>
public sealed class ChainTests
{
    private static readonly Relation First = Of("edge", "hub") with { Beyond = ["archive"] };
    private static readonly Relation Chained = Of("hub", "archive") with { IsPassedOn = true };
    private static readonly Relation Beside = Of("edge", "other");

    [Theory]
    [InlineData("edge", "edge>hub", "hub>archive", "edge>other")]
    [InlineData("hub", "hub>edge", "hub>archive", "hub>other")]
    [InlineData("archive", "hub>edge", "archive>hub", "archive>other")]
    [InlineData("other", "other>hub", "hub>archive", "other>edge")]
    public void Every_copy_has_one_source_whoever_is_primary(string primary, string first, string chained, string beside)
    {
        string Way(Relation relation) => $"{relation.SourceOf(primary)}>{relation.ReplicaOf(primary).Site}";
        Assert.Equal((first, chained, beside), (Way(First), Way(Chained), Way(Beside)));

        // Nobody is fed twice, and the primary by nobody.
        Relation[] all = [First, Chained, Beside];
        Assert.Equal(3, all.Select(r => r.ReplicaOf(primary).Site).Append(primary).Distinct().Count() - 1);
    }

    private static Relation Of(string home, string other) => new(
        $"{home}-{other}", "volume", home, "ssd", other, "ssd", ReplicationModes.Instant, null, null, false, ReturnPolicies.Resync, null, null,
        null, null, DateTimeOffset.UnixEpoch);
}
