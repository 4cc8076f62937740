using Skerry.Domain;
using Skerry.Domain.Operations;
using Skerry.Domain.Recovery;
using Skerry.Domain.Replication;
using Skerry.Domain.Volumes;
using Skerry.Movers.Tests.Native;
using static Skerry.Movers.Tests.Recovery.RecoveryTests;

namespace Skerry.Movers.Tests.Recovery;

public sealed class TrashTests
{
    private static readonly CancellationToken None = CancellationToken.None;

    [Fact]
    public async Task A_deleted_volume_comes_back_from_its_replica_with_its_id_its_data_and_a_new_generation()
    {
        await using var cloud = new LiveCloud();
        var (north, south) = await StartAsync(cloud);
        var (volumeId, replicationId) = await ReplicateAsync(north, south);
        var history = new DiskHistory();
        await WriteAsync(history, north, volumeId, 0, 25);
        await IsWholeAsync(north);
        Assert.Empty(south.Trash.List(LiveSite.Admin));
        await north.Volumes.DeleteAsync(LiveSite.Admin, volumeId, cascade: false, None);
        await UntilAsync(() => !north.Store.VolumeIds.Contains(volumeId));
        await UntilAsync(() => south.Trash.List(LiveSite.Admin).Count == 1);
        var item = Assert.Single(north.Trash.List(LiveSite.Admin));
        Assert.Equal((replicationId, volumeId, "disk", south.Id, true), (item.Id, item.VolumeId, item.VolumeName, item.Site, item.IsVolumeGone));
        Assert.Empty(south.Trash.List(new Actor("ann", "user-ann", "project-ann", ["member"])));

        var asked = await north.Trash.RestoreAsync(LiveSite.Admin, volumeId, null, None);
        var again = await north.Trash.RestoreAsync(LiveSite.Admin, replicationId, null, None);
        await SucceedsAsync(north, asked);
        await SucceedsAsync(north, again);
        Assert.Equal(volumeId, asked.Value.VolumeId);
        var volume = south.Volumes.Show(LiveSite.Admin, volumeId).Value;
        Assert.Equal(("disk", VolumeStatus.Available, south.Id, 2L), (volume.Name, volume.Status, volume.SiteId, volume.Primary!.Current.Number));
        var restored = await south.OpenAsync(volumeId);
        Assert.False(restored.IsReadOnly);
        await history.AssertHoldsAsync(restored, restored.Lineage, "the restored volume");
        Assert.Empty(south.Trash.List(LiveSite.Admin));
        Assert.Empty(south.Replications.List(LiveSite.Admin));
        Assert.True((await north.Trash.RestoreAsync(LiveSite.Admin, volumeId, null, None)).Refusal?.Kind == RefusalKind.NotFound);
        await WriteAsync(history, south, volumeId, 2, 5);
        await history.AssertHoldsAsync(restored, restored.Lineage, "the restored volume, written to");
    }

    [Fact]
    public async Task A_replica_of_a_volume_that_lives_on_comes_back_beside_it()
    {
        await using var cloud = new LiveCloud();
        var (north, south) = await StartAsync(cloud);
        var (volumeId, replicationId) = await ReplicateAsync(north, south);
        var history = new DiskHistory();
        await WriteAsync(history, north, volumeId, 0, 12);
        await IsWholeAsync(north);
        Assert.False((await north.Replications.DeleteAsync(LiveSite.Admin, replicationId, None)).IsRefused);
        await UntilAsync(() => south.Trash.List(LiveSite.Admin) is [{ IsVolumeGone: false }]);
        var asked = await south.Trash.RestoreAsync(LiveSite.Admin, replicationId, "from-the-trash", None);
        await SucceedsAsync(south, asked);
        Assert.NotEqual(volumeId, asked.Value.VolumeId);
        var beside = await south.OpenAsync(asked.Value.VolumeId);
        Assert.False(beside.IsReadOnly);
        await history.AssertHoldsAsync(beside, beside.Lineage, "what came back");
        Assert.Equal("from-the-trash", south.Volumes.Show(LiveSite.Admin, asked.Value.VolumeId).Value.Name);
        Assert.False((await north.OpenAsync(volumeId)).IsReadOnly);
        Assert.Single(south.Trash.List(LiveSite.Admin));

        await SucceedsAsync(north, await north.Trash.PurgeAsync(LiveSite.Admin, replicationId, None));
        Assert.DoesNotContain(volumeId, south.Store.VolumeIds);
        await UntilAsync(() => north.Trash.List(LiveSite.Admin).Count == 0);
        Assert.Contains(asked.Value.VolumeId, south.Store.VolumeIds);
    }

    [Fact]
    public async Task A_deletion_names_its_generation_and_touches_no_newer_one()
    {
        await using var cloud = new LiveCloud();
        var (north, south) = await StartAsync(cloud);
        var (volumeId, _) = await ReplicateAsync(north, south);
        await IsWholeAsync(north);
        await WriteAsync(new DiskHistory(), north, volumeId, 0, 3);
        await IsWholeAsync(north);

        // The wish is uttered at south while north is away, and travels only after the volume has been elsewhere and back.
        var old = north.Volumes.Show(LiveSite.Admin, volumeId).Value.Primary!.Current;
        await SucceedsAsync(north, await north.Recovery.FailoverAsync(LiveSite.Admin, new FailoverRequest(volumeId, "south"), None));
        await UntilAsync(() => south.Replications.List(LiveSite.Admin) is [{ Status: ReplicationWords.Secondary }]);
        await SucceedsAsync(south, await south.Recovery.FailbackAsync(LiveSite.Admin, new FailoverRequest(volumeId), None));
        var id = await north.Context.DecideAsync(
            LiveSite.Admin,
            t => north.Operations.Enqueue(
                t,
                new OperationRequest(
                    VolumeOperations.Delete, new(EntityKinds.Volume, volumeId), north.Id,
                    Skerry.State.Merging.FieldValue.FromJson($$"""{"cascade":true,"generation_id":"{{old.Id}}"}""")),
                LiveSite.Admin),
            None);
        var operation = await north.Operations.WaitAsync(LiveSite.Admin, id, TimeSpan.FromSeconds(60), None);
        Assert.Equal(OperationStatus.Failed, operation.Value.Status);
        Assert.Contains("generation 3", operation.Value.Reason, StringComparison.Ordinal);
        Assert.Contains(volumeId, north.Store.VolumeIds);
        Assert.False((await north.OpenAsync(volumeId)).IsReadOnly);
    }

    private static async Task<(LiveSite North, LiveSite South)> StartAsync(LiveCloud cloud)
    {
        var (north, south) = (await cloud.AddAsync("north", TimeSpan.FromHours(1)), await cloud.AddAsync("south", TimeSpan.FromHours(1)));
        return (north, south);
    }

    private static Task IsWholeAsync(LiveSite primary) => UntilAsync(
        () => primary.Replications.List(LiveSite.Admin).All(r => r is { Status: ReplicationWords.Secondary, Source.LagBytes: 0 }),
        () => primary.Replications.List(LiveSite.Admin)[0]);
}
