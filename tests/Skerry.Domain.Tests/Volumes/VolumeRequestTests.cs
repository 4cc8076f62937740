using Skerry.Domain.Volumes;
using Skerry.TestKit.Domain;
using Skerry.TestKit.Time;

namespace Skerry.Domain.Tests.Volumes;

public sealed class VolumeRequestTests
{
    private static readonly CancellationToken None = CancellationToken.None;
    private static readonly Actor Ann = DomainSite.Member("ann", "p1");

    public static TheoryData<CreateVolumeRequest, RefusalKind, string> BadRequests => new()
    {
        { new() { SizeGib = 0 }, RefusalKind.Invalid, "size" },
        { new() { SizeGib = -1 }, RefusalKind.Invalid, "size" },
        { new() { SizeGib = long.MaxValue }, RefusalKind.Invalid, "size" },
        { new(), RefusalKind.Invalid, "size" },
        { new() { SizeGib = 101 }, RefusalKind.Quota, "size" },
        { new() { SizeGib = 1, Site = "atlantis" }, RefusalKind.Invalid, "availability_zone" },
        { new() { SizeGib = 1, Type = "gold" }, RefusalKind.Invalid, "volume_type" },
        { new() { SizeGib = 1, Backend = "ssd" }, RefusalKind.NotAllowed, "backend" },
        { new() { SizeGib = 1, Name = new string('x', 256) }, RefusalKind.Invalid, "name" },
        { new() { SizeGib = 1, Metadata = new Dictionary<string, string> { [""] = "v" } }, RefusalKind.Invalid, "metadata" },
        { new() { SizeGib = 1, ProjectId = "p2" }, RefusalKind.NotAllowed, "project_id" },
        { new() { SizeGib = 1, SourceVolumeId = "nothing" }, RefusalKind.NotFound, "source_volid" },
        { new() { SizeGib = 1, SourceSnapshotId = "nothing" }, RefusalKind.NotFound, "snapshot_id" },
        { new() { SizeGib = 1, SourceVolumeId = "a", SourceSnapshotId = "b" }, RefusalKind.Invalid, "snapshot_id" },
    };

    [Theory]
    [MemberData(nameof(BadRequests))]
    public async Task A_bad_request_is_refused_by_its_field_and_leaves_nothing(CreateVolumeRequest request, RefusalKind kind, string field)
    {
        await using var site = await DomainSite.StartAsync("north", new ManualTime());
        var before = site.Replica.Vector;
        var refusal = (await site.Volumes.CreateAsync(Ann, request, None)).Refusal!;
        Assert.Equal((kind, field), (refusal.Kind, refusal.Field));
        Assert.NotEmpty(refusal.Message);
        Assert.Equal(before, site.Replica.Vector);
    }

    [Fact]
    public async Task What_exists_is_listed_for_those_who_may_see_it()
    {
        await using var site = await DomainSite.StartAsync("north", new ManualTime());
        Assert.Contains("north", (await CreateAsync(site, new() { SizeGib = 1, Site = "x" })).NextStep, StringComparison.Ordinal);
        Assert.Contains("native", (await CreateAsync(site, new() { SizeGib = 1, Type = "x" })).NextStep, StringComparison.Ordinal);
        var backend = (await site.Volumes.CreateAsync(DomainSite.Admin, new() { SizeGib = 1, Backend = "x" }, None)).Refusal!;
        Assert.Equal(("backend", RefusalKind.Invalid), (backend.Field, backend.Kind));
        Assert.Contains("ssd", backend.NextStep, StringComparison.Ordinal);
        Assert.Contains("100 GiB", (await CreateAsync(site, new() { SizeGib = 101 })).NextStep, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_reader_changes_nothing()
    {
        await using var site = await DomainSite.StartAsync("north", new ManualTime());
        var reader = new Actor("rob", "user-rob", "p1", ["reader"]);
        var id = (await site.Volumes.CreateAsync(Ann, new() { SizeGib = 1 }, None)).Value.Id;
        await site.SettleAsync();
        Assert.Equal(RefusalKind.NotAllowed, (await site.Volumes.CreateAsync(reader, new() { SizeGib = 1 }, None)).Refusal!.Kind);
        Assert.Equal(RefusalKind.NotAllowed, (await site.Volumes.DeleteAsync(reader, id, false, None)).Refusal!.Kind);
        Assert.Equal(RefusalKind.NotAllowed, (await site.Volumes.ExtendAsync(reader, id, 2, None)).Refusal!.Kind);
        Assert.Equal(RefusalKind.NotAllowed, (await site.Volumes.UpdateAsync(reader, id, new() { Name = "x" }, None)).Refusal!.Kind);
        Assert.Equal(RefusalKind.NotAllowed, (await site.Snapshots.CreateAsync(reader, new(id), None)).Refusal!.Kind);
        Assert.Equal(RefusalKind.NotAllowed, (await site.Connections.ConnectAsync(reader, new(id), None)).Refusal!.Kind);
        Assert.False(site.Volumes.Show(reader, id).IsRefused);
    }

    [Fact]
    public async Task Another_project_sees_and_touches_nothing()
    {
        await using var site = await DomainSite.StartAsync("north", new ManualTime());
        var eve = DomainSite.Member("eve", "p2");
        var id = (await site.Volumes.CreateAsync(Ann, new() { SizeGib = 1 }, None)).Value.Id;
        await site.SettleAsync();
        var snapshot = (await site.Snapshots.CreateAsync(Ann, new(id), None)).Value.Id;
        await site.SettleAsync();

        Assert.Empty(site.Volumes.List(eve, new VolumeFilter { AllProjects = true, ProjectId = "p1" }));
        Assert.Empty(site.Snapshots.List(eve, new SnapshotFilter { AllProjects = true }));
        Refusal?[] refusals =
        [
            site.Volumes.Show(eve, id).Refusal,
            (await site.Volumes.UpdateAsync(eve, id, new() { Name = "x" }, None)).Refusal,
            (await site.Volumes.ExtendAsync(eve, id, 2, None)).Refusal,
            (await site.Volumes.DeleteAsync(eve, id, true, None)).Refusal,
            (await site.Volumes.CreateAsync(eve, new() { SizeGib = 1, SourceVolumeId = id }, None)).Refusal,
            (await site.Volumes.CreateAsync(eve, new() { SizeGib = 1, SourceSnapshotId = snapshot }, None)).Refusal,
            (await site.Snapshots.CreateAsync(eve, new(id), None)).Refusal,
            site.Snapshots.Show(eve, snapshot).Refusal,
            (await site.Snapshots.DeleteAsync(eve, snapshot, None)).Refusal,
            (await site.Connections.ConnectAsync(eve, new(id), None)).Refusal,
            site.Connections.List(eve, id).Refusal,
            (await site.Connections.DisconnectAsync(eve, id, null, None)).Refusal,
            (await site.Attachments.AttachAsync(eve, new(id), None)).Refusal,
            site.Quotas.Show(eve, "p1").Refusal,
        ];
        Assert.All(refusals, r => Assert.Equal(RefusalKind.NotFound, r!.Kind));
        Assert.Equal(VolumeStatus.Available, site.Volumes.Show(Ann, id).Value.Status);
        Assert.Equal(["p1"], site.Volumes.List(DomainSite.Admin, new VolumeFilter { AllProjects = true }).Select(v => v.ProjectId));
    }

    [Fact]
    public async Task A_tenant_sees_the_volume_and_not_where_it_is_kept()
    {
        await using var site = await DomainSite.StartAsync("north", new ManualTime());
        var id = (await site.Volumes.CreateAsync(Ann, new() { SizeGib = 1 }, None)).Value.Id;
        await site.SettleAsync();
        var seen = site.Volumes.Show(Ann, id).Value;
        Assert.Equal((null, null, null), (seen.Backend, seen.AllocatedBytes, seen.Primary));
        Assert.Empty(site.Types.Show(Ann, "native").Value.Specs);
        Assert.Equal("native", site.Types.Show(DomainSite.Admin, "native").Value.Specs["driver"]);
    }

    [Fact]
    public async Task A_size_only_grows()
    {
        await using var site = await DomainSite.StartAsync("north", new ManualTime());
        var id = (await site.Volumes.CreateAsync(Ann, new() { SizeGib = 3 }, None)).Value.Id;
        await site.SettleAsync();
        foreach (var size in (long[])[3, 2, 0, -5])
        {
            var refusal = (await site.Volumes.ExtendAsync(Ann, id, size, None)).Refusal!;
            Assert.Equal((RefusalKind.Invalid, "new_size"), (refusal.Kind, refusal.Field));
        }

        Assert.Equal(RefusalKind.Quota, (await site.Volumes.ExtendAsync(Ann, id, 101, None)).Refusal!.Kind);
    }

    [Fact]
    public async Task Metadata_is_set_removed_and_replaced()
    {
        await using var site = await DomainSite.StartAsync("north", new ManualTime());
        var id = (await site.Volumes.CreateAsync(Ann, new() { SizeGib = 1, Metadata = Map("a=1", "b=2") }, None)).Value.Id;
        await site.Volumes.UpdateAsync(Ann, id, new() { SetMetadata = Map("b=3", "c=4"), RemoveMetadata = ["a", "zzz"] }, None);
        Assert.Equal(Map("b=3", "c=4"), site.Volumes.Show(Ann, id).Value.Metadata);
        await site.Volumes.UpdateAsync(Ann, id, new() { SetMetadata = Map("d=5"), ReplaceMetadata = true }, None);
        Assert.Equal(Map("d=5"), site.Volumes.Show(Ann, id).Value.Metadata);
        Assert.Single(site.Volumes.List(Ann, new() { Metadata = Map("d=5") }));
        Assert.Empty(site.Volumes.List(Ann, new() { Metadata = Map("d=6") }));
    }

    private static async Task<Refusal> CreateAsync(DomainSite site, CreateVolumeRequest request) =>
        (await site.Volumes.CreateAsync(Ann, request, None)).Refusal!;

    private static Dictionary<string, string> Map(params string[] items) =>
        items.ToDictionary(i => i.Split('=')[0], i => i.Split('=')[1]);
}
