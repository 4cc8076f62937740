using Skerry.Client.Native;
using Skerry.Client.Native.Wire;
using Skerry.Domain.Volumes;
using Skerry.TestKit.Domain;

namespace Skerry.Api.Tests.Native;

/// <summary>What is refused at once, from what the asked site knows; the moves themselves are tested where real sites are.</summary>
public sealed class RecoveryApiTests : IAsyncLifetime
{
    private static readonly CancellationToken None = CancellationToken.None;
    private NativeSite _site = null!;
    private string _volume = "";

    public async ValueTask InitializeAsync()
    {
        _site = await NativeSite.StartAsync();
        await using var south = await DomainSite.StartAsync("south", TimeProvider.System);
        await DomainSite.ExchangeAsync(_site.Api.Site, south);
        var reply = await _site.Client.Volumes.CreateAsync(new VolumeCreateRequest("data", null, 1, null, null, null, null, null), None);
        await _site.Client.Operations.PollAsync(reply.OperationId!, TimeSpan.FromSeconds(20), None);
        _volume = reply.Volume.Id;
        await _site.Client.Replications.CreateAsync(
            new ReplicationCreateRequest { VolumeId = _volume, TargetSite = "south" }, None);
    }

    public async ValueTask DisposeAsync() => await _site.DisposeAsync();

    [Fact]
    public async Task A_preview_names_both_sites_says_the_loss_and_changes_nothing()
    {
        var preview = await _site.Client.Volumes.PreviewAsync(_volume, "failover", "south", force: true, None);
        Assert.Equal(("north", "south", true), (preview.FromSite, preview.ToSite, preview.Forced));
        Assert.NotNull(preview.Refusal);
        Assert.NotEqual("", preview.Summary);
        Assert.Equal(1, (await _site.Client.Volumes.ShowAsync(_volume, None)).Generation);
        Assert.DoesNotContain(await _site.Client.Operations.ListAsync(null, _volume, null, None), o => o.Kind != "volume.create");
    }

    [Fact]
    public async Task To_promote_the_primary_is_done_already_and_begins_nothing()
    {
        var reply = await _site.Client.Volumes.RecoverAsync(_volume, "promote", new RecoveryRequest("north", null, null), None);
        Assert.Null(reply.OperationId);
        Assert.Equal(1, (await _site.Client.Volumes.ShowAsync(_volume, None)).Generation);
        Assert.DoesNotContain(await _site.Client.Operations.ListAsync(null, _volume, null, None), o => o.Kind != "volume.create");
    }

    [Fact]
    public async Task What_would_cost_data_is_refused_with_the_safe_way()
    {
        var attached = await _site.Api.Service<AttachmentService>().AttachAsync(
            DomainSite.Admin, new AttachRequest(_volume) { HostName = "host-1" }, None);
        Assert.False(attached.IsRefused, attached.Refusal?.ToString());
        foreach (var (verb, to, reason, nextStep) in ((string, string?, string, string)[])
            [
                ("demote", null, "1 attached writer", "drain"),
                ("resync", "north", "a primary follows nobody", "Name the site"),
                ("promote", "south", "alive and connected", "Fail over without force"),
            ])
        {
            var refused = await RefusedAsync(
                () => _site.Client.Volumes.RecoverAsync(_volume, verb, new RecoveryRequest(to, null, null), None), 409);
            Assert.Contains(reason, refused.Message);
            Assert.Contains(nextStep, refused.NextStep);
        }

        Assert.Equal(1, (await _site.Client.Volumes.ShowAsync(_volume, None)).Generation);
        await RefusedAsync(() => _site.Client.Volumes.AbortFailoverAsync(_volume, None), 409);

        // What a replication keeps for itself.
        var replication = (await _site.Client.Replications.ListAsync(_volume, None)).Single();
        foreach (var id in (string[])[$"repl-{replication.Id}", "recovery-point"])
        {
            Assert.Contains("by itself", (await RefusedAsync(() => _site.Client.Snapshots.DeleteAsync(id, None), 409)).NextStep);
        }

        await RefusedAsync(() => _site.Client.Snapshots.DeleteAsync("repl-none", None), 404);
    }

    [Fact]
    public async Task Drills_and_the_trash_are_served_to_administrators()
    {
        var drill = await _site.Client.Drills.StartAsync(_volume, new DrillStartRequest("south", 3600), None);
        Assert.Equal(("south", _volume, "creating"), (drill.Drill.Site, drill.Drill.VolumeId, drill.Drill.Status));
        Assert.Equal(drill.Drill.Id, (await _site.Client.Drills.ListAsync(_volume, None)).Single().Id);
        Assert.Equal(drill.Drill.StartedAt.AddHours(1), (await _site.Client.Drills.ShowAsync(drill.Drill.Id, None)).EndsAt);
        Assert.NotNull((await _site.Client.Drills.StopAsync(drill.Drill.Id, None)).OperationId);
        await RefusedAsync(() => _site.Client.Drills.StopAsync(_volume, None), 404);

        Assert.Empty(await _site.Client.Trash.ListAsync(None));
        var replication = (await _site.Client.Replications.ListAsync(_volume, None)).Single();
        await _site.Client.Replications.DeleteAsync(replication.Id, None);
        var item = (await _site.Client.Trash.ListAsync(None)).Single();
        Assert.Equal((replication.Id, "data", "south", false), (item.Id, item.VolumeName, item.Site, item.VolumeGone));
        Assert.NotEqual(_volume, (await _site.Client.Trash.RestoreAsync(replication.Id, "again", None)).VolumeId);
        Assert.Equal("south", (await _site.Client.Trash.PurgeAsync(replication.Id, None)).Site);
        var tenant = await _site.TenantAsync("anna");
        Assert.Empty(await tenant.Trash.ListAsync(None));
        Assert.Empty(await tenant.Drills.ListAsync(null, None));
    }

    [Fact]
    public async Task To_fail_over_to_an_unknown_site_is_refused()
    {
        var refused = await Assert.ThrowsAsync<RefusedException>(() => _site.Client.Volumes.RecoverAsync(
            _volume, "failover", new RecoveryRequest("atlantis", null, null), None));
        Assert.Equal("invalid", refused.Error.Kind);
        Assert.Contains("atlantis", refused.Error.Message);

        // Nor does a planned move return to a snapshot.
        var planned = await RefusedAsync(
            () => _site.Client.Volumes.RecoverAsync(_volume, "failover", new RecoveryRequest("south", null, null) { SnapshotId = _volume }, None), 400);
        Assert.Equal("snapshot_id", planned.Field);
    }

    [Fact]
    public async Task A_wrong_site_in_a_query_is_named_as_the_query_names_it()
    {
        var error = await _site.Api.JsonAsync("GET", $"/skerry/v1/volumes/{_volume}/failover?to=atlantis", await _site.Api.TokenAsync(), 400);
        Assert.Equal("to", (string?)error["error"]!["field"]);
    }

    [Fact]
    public async Task A_tenant_does_not_move_primaries()
    {
        var tenant = await _site.TenantAsync("anna");
        var refused = await Assert.ThrowsAsync<RefusedException>(() => tenant.Volumes.RecoverAsync(
            _volume, "failover", new RecoveryRequest(null, null, null), None));
        Assert.Contains(refused.Error.Code, (int[])[403, 404]);
    }

    private static async Task<ErrorRecord> RefusedAsync(Func<Task> call, int code)
    {
        var refused = await Assert.ThrowsAsync<RefusedException>(call);
        Assert.Equal(code, refused.Error.Code);
        return refused.Error;
    }
}
