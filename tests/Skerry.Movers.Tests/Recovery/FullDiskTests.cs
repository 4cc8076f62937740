using Skerry.Blocks;
using Skerry.Domain.Operations;
using Skerry.Domain.Recovery;
using Skerry.Domain.Replication;
using Skerry.Movers.Native.Wire;
using Skerry.Movers.Tests.Native;
using static Skerry.Movers.Tests.Recovery.RecoveryTests;

namespace Skerry.Movers.Tests.Recovery;

/// <summary>A replica's site whose disk is full at the moment that the replica is needed.</summary>
public sealed class FullDiskTests
{
    private static readonly CancellationToken None = CancellationToken.None;

    /// <summary>Once the promotion ended as "outcome unknown", and whoever looked at the copy got the fault of the disk in place of an answer.</summary>
    [Fact]
    public async Task A_copy_that_cannot_be_settled_for_want_of_room_is_described_and_its_promotion_refused_with_what_to_do()
    {
        await using var cloud = new LiveCloud();
        var (north, south) = (await cloud.AddAsync("north"), await cloud.AddAsync("south"));
        var (volumeId, replicationId) = await ReplicateAsync(north, south);
        var history = new DiskHistory();
        await WriteAsync(history, north, volumeId, 0, 20);
        await UntilAsync(() => north.Replications.Show(LiveSite.Admin, replicationId).Value is { Status: ReplicationWords.Secondary, Source.LagBytes: 0 });
        var whole = (await south.OpenAsync(volumeId)).Lineage;

        // The primary is lost in the middle of a catch-up: promoted is what was whole before it.
        cloud.Cut(north);
        await UntilAsync(async () => !(await south.Replicas.FindAsync(volumeId, None))!.IsConnected);
        await WriteAsync(history, north, volumeId, 4, 10);
        var ahead = (await north.OpenAsync(volumeId)).Lineage;
        await south.Replicas.Slot(volumeId).Copy!.BeginCatchUpAsync(
            new CatchUpDocument(LineageDocument.Of(ahead), whole.LastNumber, Compare: false, OffsetBytes: 0), 1 << 30, false, None);
        var taken = south.Storage.TakeRoom(0);
        await FillAsync(south.Store);

        var refused = await PromoteAsync(south, volumeId);
        Assert.Equal(OperationStatus.Failed, refused.Status);
        Assert.Contains("Make room on its backend's disk", refused.Reason, StringComparison.Ordinal);
        Assert.Contains("Nothing was changed", refused.Reason, StringComparison.Ordinal);

        // It is found so after a restart too, and what waits for it is told why.
        await south.KillAsync();
        await south.StartAsync(None);
        var copy = await south.Replicas.FindAsync(volumeId, None);
        Assert.Equal((whole.LastNumber, true), (copy!.Number, copy.IsWhole));

        south.Storage.GiveRoomBack(taken);
        var promoted = await PromoteAsync(south, volumeId);
        Assert.True(promoted.Status == OperationStatus.Succeeded, promoted.Reason);
        var volume = await south.OpenAsync(volumeId);
        await history.AssertHoldsAsync(volume, whole, "the promoted copy");
    }

    private static async Task<Operation> PromoteAsync(LiveSite at, string volumeId)
    {
        var asked = await at.Recovery.FailoverAsync(LiveSite.Admin, new FailoverRequest(volumeId, IsForced: true), None);
        Assert.False(asked.IsRefused, asked.Refusal?.ToString());
        return (await at.Operations.WaitAsync(LiveSite.Admin, asked.OperationId!, TimeSpan.FromSeconds(30), None)).Value;
    }

    /// <summary>Others write until there is no room for another record.</summary>
    private static async Task FillAsync(BlockStore store)
    {
        var other = await store.CreateAsync("other", 1 << 30, None);
        await other.BeginRunAsync(1, None);
        foreach (var size in (int[])[256 << 10, 4096])
        {
            var content = new byte[size];
            content.AsSpan().Fill(1);
            var full = await Assert.ThrowsAsync<BlockException>(async () =>
            {
                for (var i = 0; i < 400; i++)
                {
                    await other.WriteAsync((long)i * size, content, WriteOptions.None, None);
                }
            });
            Assert.Equal(BlockError.NoSpace, full.Error);
        }
    }
}
