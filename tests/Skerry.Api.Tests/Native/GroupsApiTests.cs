using Skerry.Client.Native;
using Skerry.Client.Native.Wire;
using Skerry.TestKit.Domain;

namespace Skerry.Api.Tests.Native;

/// <summary>What is kept of groups and plans, and what is refused at once; cuts and moves are tested where real sites are.</summary>
public sealed class GroupsApiTests
{
    private static readonly CancellationToken None = CancellationToken.None;

    [Fact]
    public async Task A_group_is_made_replicated_and_ended()
    {
        await using var site = await NativeSite.StartAsync();
        await using var south = await DomainSite.StartAsync("south", TimeProvider.System);
        await DomainSite.ExchangeAsync(site.Api.Site, south);
        var volumes = new List<string>();
        foreach (var name in (string[])["data", "journal"])
        {
            var reply = await site.Client.Volumes.CreateAsync(new VolumeCreateRequest(name, null, 1, null, null, null, null, null), None);
            await site.Client.Operations.PollAsync(reply.OperationId!, TimeSpan.FromSeconds(20), None);
            volumes.Add(reply.Volume.Id);
        }

        var groups = site.Client.Groups;
        var made = await groups.CreateAsync(new GroupCreateRequest("database", [volumes[0]]), None);
        Assert.Equal(("waiting", 5), (made.Status, made.CutIntervalSeconds));
        var twice = await Assert.ThrowsAsync<RefusedException>(() => groups.CreateAsync(new GroupCreateRequest("database", null), None));
        Assert.Equal(409, twice.Error.Code);
        Assert.Equal(2, (await groups.AddAsync("database", volumes[1], None)).Members.Count);
        var wrong = await Assert.ThrowsAsync<RefusedException>(
            () => groups.ReplicateAsync("database", new GroupReplicateRequest("south", null, null, null, null, null, 4000), None));
        Assert.Contains("1 to 3600", wrong.Error.Message);
        var replicated = await groups.ReplicateAsync("database", new GroupReplicateRequest("south", null, null, null, null, null, 2) { KeepTarget = "count=3" }, None);
        Assert.Equal((null, "count=3"), (replicated.KeepSource, replicated.KeepTarget));
        Assert.Equal(("south", "north", 2), (replicated.TargetSite, replicated.PrimarySite, replicated.CutIntervalSeconds));
        Assert.All(replicated.Members, m => Assert.NotNull(m.ReplicationId));
        Assert.NotNull(replicated.RecoveryPointReason);
        Assert.Equal(2, (await site.Client.Replications.ListAsync(null, None)).Count);
        var forced = await groups.PreviewAsync("database", null, force: true, allowMissing: false, null, None);
        Assert.Equal(("north", "south", true), (forced.FromSite, forced.ToSite, forced.Forced));
        Assert.NotNull(forced.Refusal);
        var promoted = await Assert.ThrowsAsync<RefusedException>(
            () => groups.RecoverAsync("database", "promote", new GroupRecoveryRequest(null, null, null, null), None));
        Assert.Equal("invalid", promoted.Error.Kind);
        var unfenced = await Assert.ThrowsAsync<RefusedException>(
            () => groups.RecoverAsync("database", "failover", new GroupRecoveryRequest(null, null, null, null) { NoFence = true }, None));
        Assert.Equal("no_fence", unfenced.Error.Field);
        var cut = await Assert.ThrowsAsync<RefusedException>(
            () => groups.RecoverAsync("database", "failover", new GroupRecoveryRequest(null, null, null, null) { CutId = "0193f0a1b2c3deadbeef" }, None));
        Assert.Equal("cut_id", cut.Error.Field);

        // The replicas' site makes the clones; what was asked for is seen at once, and dropped by the same id.
        var drills = site.Client.Drills;
        var drill = await drills.StartOfGroupAsync("database", new GroupDrillStartRequest(null, 3600), None);
        Assert.Equal(("south", "database", "creating", 2), (drill.Drill.Site, drill.Drill.GroupName, drill.Drill.Status, drill.Drill.Drills.Count));
        Assert.Equal(drill.Drill.StartedAt.AddHours(1), (await drills.ShowOfGroupAsync(drill.Drill.Id, None)).EndsAt);
        Assert.Equal(drill.Drill.Id, (await drills.StartOfGroupAsync(made.Id, new GroupDrillStartRequest(null, 3600), None)).Drill.Id);
        Assert.Equal(drill.Drill.Id, (await drills.ListOfGroupsAsync("database", None)).Single().Id);
        Assert.Empty(await drills.ListOfGroupsAsync("other", None));
        Assert.All(await drills.ListAsync(null, None), d => Assert.Equal(drill.Drill.Id, d.GroupDrillId));
        var alone = await Assert.ThrowsAsync<RefusedException>(() => drills.StopAsync(drill.Drill.Drills[0].Id, None));
        Assert.Equal(409, alone.Error.Code);
        Assert.NotNull((await drills.StopOfGroupAsync(drill.Drill.Id, None)).OperationId);
        var noCut = await Assert.ThrowsAsync<RefusedException>(() => drills.StartOfGroupAsync("database", new GroupDrillStartRequest("newest", null), None));
        Assert.Equal(("invalid", "cut_id"), (noCut.Error.Kind, noCut.Error.Field));
        Assert.Single((await groups.RemoveAsync("database", volumes[1], None)).Members);
        await groups.DeleteAsync("database", None);
        Assert.Empty(await groups.ListAsync(None));
        Assert.Equal(2, (await site.Client.Replications.ListAsync(null, None)).Count);
    }

    [Fact]
    public async Task A_plan_is_set_shown_and_deleted_and_a_site_is_previewed_by_it()
    {
        await using var site = await NativeSite.StartAsync();
        await using var south = await DomainSite.StartAsync("south", TimeProvider.System);
        await DomainSite.ExchangeAsync(site.Api.Site, south);
        var bare = await site.Client.Volumes.CreateAsync(new VolumeCreateRequest("bare", null, 1, null, null, null, null, null), None);
        await site.Client.Operations.PollAsync(bare.OperationId!, TimeSpan.FromSeconds(20), None);
        var request = new PlanSetRequest("north", "south", 4, [new PlanStepRecord("first", ["database"], [])], ["scratch"], null, "stop");
        var set = await site.Client.Plans.SetAsync("north-lost", request, None);
        Assert.Equal(("north-lost", "north", "south", 4, "last", "stop"), (set.Name, set.Site, set.To, set.Parallel, set.Rest, set.OnFailure));
        Assert.Equal(["database"], Assert.Single((await site.Client.Plans.ShowAsync("north-lost", None)).Steps).Groups);
        var wrong = await Assert.ThrowsAsync<RefusedException>(() => site.Client.Plans.SetAsync("x", request with { Rest = "first" }, None));
        Assert.Equal("invalid", wrong.Error.Kind);
        var preview = await site.Client.Plans.PreviewAsync("north", "failover", new SiteMoveRequest(null, "north-lost", null, null), None);
        var line = Assert.Single(preview.Volumes);
        Assert.Equal(("bare", "skipped", "It has no replica."), (line.VolumeName, line.State, line.Reason));
        Assert.NotNull(preview.Refusal);
        var refused = await Assert.ThrowsAsync<RefusedException>(
            () => site.Client.Plans.MoveAsync("north", "failover", new SiteMoveRequest(null, null, null, null), None));
        Assert.Equal(409, refused.Error.Code);
        var nothing = await site.Client.Plans.MoveAsync("north", "failback", new SiteMoveRequest(null, null, null, null), None);
        Assert.Null(nothing.OperationId);
        await site.Client.Plans.DeleteAsync("north-lost", None);
        Assert.Empty(await site.Client.Plans.ListAsync(None));
    }
}
