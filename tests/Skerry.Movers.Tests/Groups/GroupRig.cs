using Skerry.Blocks;
using Skerry.Domain;
using Skerry.Domain.Groups;
using Skerry.Domain.Operations;
using Skerry.Domain.Replication;
using Skerry.Domain.Volumes;
using Skerry.Movers.Native;
using Skerry.Movers.Tests.Recovery;

namespace Skerry.Movers.Tests.Groups;

/// <summary>Two sites, and a group of volumes between them.</summary>
internal sealed class GroupRig : IAsyncDisposable
{
    private static readonly CancellationToken None = CancellationToken.None;

    private GroupRig(LiveCloud cloud, LiveSite north, LiveSite south, string groupId, IReadOnlyList<string> volumeIds) =>
        (Cloud, North, South, GroupId, VolumeIds, Writer) = (cloud, north, south, groupId, volumeIds, new OrderedWriter(volumeIds));

    public LiveCloud Cloud { get; }

    public LiveSite North { get; }

    public LiveSite South { get; }

    public string GroupId { get; }

    public IReadOnlyList<string> VolumeIds { get; }

    public OrderedWriter Writer { get; }

    public static async Task<GroupRig> StartAsync(
        int members, string mode = ReplicationModes.Instant, long? intervalSeconds = null, TimeSpan southClockOff = default,
        IReadOnlyList<string>? southWithout = null)
    {
        var cloud = new LiveCloud();
        var (north, south) = (await cloud.AddAsync("north"), await cloud.AddAsync("south", clockOff: southClockOff, without: southWithout));
        await RecoveryTests.UntilAsync(() => new[] { north, south }.All(s => BackendReport.Of(StateView.Of(north.Context.Replica), s.Id).Count > 0));
        var volumeIds = new List<string>();
        for (var i = 0; i < members; i++)
        {
            var made = await north.Volumes.CreateAsync(LiveSite.Admin, new CreateVolumeRequest { Name = $"disk-{i}", SizeGib = 1 }, None);
            Assert.False(made.IsRefused, made.Refusal?.ToString());
            volumeIds.Add(made.Value.Id);
        }

        await RecoveryTests.UntilAsync(() => volumeIds.All(v => north.Volumes.Show(LiveSite.Admin, v).Value.Status == VolumeStatus.Available));
        var group = await north.Groups.CreateAsync(LiveSite.Admin, "database", volumeIds, None);
        Assert.False(group.IsRefused, group.Refusal?.ToString());
        var rig = new GroupRig(cloud, north, south, group.Value.Id, volumeIds);
        var replicated = await north.Groups.ReplicateAsync(
            LiveSite.Admin, group.Value.Id,
            new ReplicateGroupRequest("south", null, mode, intervalSeconds, CutIntervalSeconds: mode == ReplicationModes.Instant ? 1 : null), None);
        Assert.False(replicated.IsRefused, replicated.Refusal?.ToString());
        await RecoveryTests.UntilAsync(async () =>
            await south.Groups.ShowAsync(LiveSite.Admin, rig.GroupId, None) is { IsRefused: false, Value: { TargetSite: not null, Members.Count: var count } } && count == members);
        return rig;
    }

    public async Task<GroupView> ShowAsync(LiveSite at) => (await at.Groups.ShowAsync(LiveSite.Admin, GroupId, None)).Value;

    /// <summary>Waits for a recovery point that was cut after that, or after now.</summary>
    public async Task<Cut> NextPointAsync(LiveSite at, DateTimeOffset? after = null)
    {
        var now = after ?? DateTimeOffset.UtcNow;
        GroupView? view = null;
        await RecoveryTests.UntilAsync(
            async () => (view = await ShowAsync(at)).RecoveryPoint?.TakenAt > now,
            () => $"{view} {view?.Cuts} {string.Join(", ", view?.Members ?? [])}");
        return view!.RecoveryPoint!.Value;
    }

    public async Task<List<IBlockDevice>> DevicesAsync(LiveSite at)
    {
        var devices = new List<IBlockDevice>();
        foreach (var id in VolumeIds)
        {
            devices.Add(await at.OpenAsync(id));
        }

        return devices;
    }

    /// <summary>The clones of a drill, in the order of the members.</summary>
    public async Task<List<IBlockDevice>> DevicesAsync(LiveSite at, GroupDrill drill)
    {
        var devices = new List<IBlockDevice>();
        foreach (var id in VolumeIds)
        {
            devices.Add(await at.OpenAsync(drill.Members.Single(m => m.VolumeId == id).Id));
        }

        return devices;
    }

    /// <summary>The states that the copies keep for a cut.</summary>
    public async Task<List<IBlockDevice>> DevicesAsync(LiveSite at, Cut cut)
    {
        var devices = new List<IBlockDevice>();
        foreach (var id in VolumeIds)
        {
            devices.Add((await at.OpenAsync(id)).OpenSnapshot(ReplicaMarks.SnapshotOf(cut)));
        }

        return devices;
    }

    public async Task SucceedsAsync(LiveSite at, Outcome<GroupTicket> ticket)
    {
        Assert.False(ticket.IsRefused, ticket.Refusal?.ToString());
        if (ticket.Value.OperationId is { } id)
        {
            var operation = await at.Operations.WaitAsync(LiveSite.Admin, id, TimeSpan.FromSeconds(30), None);
            Assert.True(operation.Value.Status == OperationStatus.Succeeded, $"{operation.Value.Status}: {operation.Value.Reason} {operation.Value.Result}");
        }

        await RecoveryTests.UntilAsync(async () => (await DevicesAsync(SiteOf(await ShowAsync(at)))).All(d => !((BlockVolume)d).IsReadOnly));
    }

    /// <summary>
    /// Moves the group, nothing lost. Right after a link is back, or a move was undone, it may find that a replica does not follow yet; it
    /// changes nothing then, and is asked for again.
    /// </summary>
    public async Task MovesAsync(LiveSite at, string? toSite = null)
    {
        object? last = null;
        await RecoveryTests.UntilAsync(
            async () =>
            {
                var asked = await at.GroupMoves.FailoverAsync(LiveSite.Admin, new GroupMoveRequest(GroupId, toSite), None);
                last = asked.Refusal;
                if (asked.IsRefused || asked.Value.OperationId is not { } id)
                {
                    return !asked.IsRefused;
                }

                var operation = (await at.Operations.WaitAsync(LiveSite.Admin, id, TimeSpan.FromSeconds(60), None)).Value;
                last = operation;
                return operation.Status == OperationStatus.Succeeded;
            },
            () => last ?? "");
        await RecoveryTests.UntilAsync(async () => (await DevicesAsync(SiteOf(await ShowAsync(at)))).TrueForAll(d => !((BlockVolume)d).IsReadOnly));
    }

    public LiveSite SiteOf(GroupView view) => Cloud.Sites.Single(s => s.Id == view.PrimarySite);

    public async Task UntilDisconnectedAsync(LiveSite replica)
    {
        foreach (var id in VolumeIds)
        {
            await RecoveryTests.UntilAsync(async () => (await replica.Replicas.FindAsync(id, None)) is not { IsConnected: true });
        }
    }

    public ValueTask DisposeAsync() => Cloud.DisposeAsync();
}
