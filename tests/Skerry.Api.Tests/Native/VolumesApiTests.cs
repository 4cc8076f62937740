using Skerry.Client.Native;
using Skerry.Client.Native.Wire;

namespace Skerry.Api.Tests.Native;

public sealed class VolumesApiTests : IAsyncLifetime
{
    private static readonly CancellationToken None = CancellationToken.None;
    private NativeSite _site = null!;

    public async ValueTask InitializeAsync() => _site = await NativeSite.StartAsync();

    public async ValueTask DisposeAsync() => await _site.DisposeAsync();

    private SkerryClient Client => _site.Client;

    private async Task<VolumeRecord> CreateAsync(SkerryClient client, string name)
    {
        var reply = await client.Volumes.CreateAsync(
            new VolumeCreateRequest(name, "of a test", 1, null, null, null, null, new Dictionary<string, string> { ["tier"] = "gold" }), None);
        Assert.NotNull(reply.OperationId);
        var operation = await client.Operations.PollAsync(reply.OperationId, TimeSpan.FromSeconds(20), None);
        Assert.Equal("succeeded", operation.Status);
        return await client.Volumes.ShowAsync(reply.Volume.Id, None);
    }

    [Fact]
    public async Task A_volume_lives_from_its_making_to_its_end()
    {
        var volume = await CreateAsync(Client, "data");
        Assert.Equal(("data", "available", "north", 1L), (volume.Name, volume.Status, volume.Site, volume.SizeGib));
        Assert.Equal("ssd", volume.Backend);
        Assert.Equal(1, volume.Generation);
        Assert.Equal("gold", volume.Metadata!["tier"]);

        var renamed = await Client.Volumes.UpdateAsync(volume.Id, new VolumeUpdateRequest("base", null, null), None);
        Assert.Equal(("base", "of a test"), (renamed.Volume.Name, renamed.Volume.Description));
        Assert.Equal(volume.Id, Assert.Single(await Client.Volumes.ListAsync("base", null, null, false, None)).Id);
        Assert.Empty(await Client.Volumes.ListAsync("data", null, null, false, None));

        var extended = await Client.Volumes.ExtendAsync(volume.Id, 3, None);
        await Client.Operations.PollAsync(extended.OperationId!, TimeSpan.FromSeconds(20), None);
        Assert.Equal(3, (await Client.Volumes.ShowAsync(volume.Id, None)).SizeGib);

        var kept = await Client.Snapshots.CreateAsync(new SnapshotCreateRequest(volume.Id, "kept", null), None);
        await Client.Operations.PollAsync(kept.OperationId!, TimeSpan.FromSeconds(20), None);
        var reverted = await Client.Volumes.RevertAsync(volume.Id, kept.Snapshot.Id, None);
        Assert.Equal("reverting", reverted.Volume.Status);
        Assert.Equal("succeeded", (await Client.Operations.PollAsync(reverted.OperationId!, TimeSpan.FromSeconds(20), None)).Status);

        var deleted = await Client.Volumes.DeleteAsync(volume.Id, cascade: true, None);
        Assert.Equal("succeeded", (await Client.Operations.PollAsync(deleted.OperationId!, TimeSpan.FromSeconds(20), None)).Status);
        var gone = await Assert.ThrowsAsync<RefusedException>(() => Client.Volumes.ShowAsync(volume.Id, None));
        Assert.Equal((404, "not_found"), (gone.Error.Code, gone.Error.Kind));
    }

    [Fact]
    public async Task Another_project_sees_nothing_of_it_and_a_tenant_no_inner_workings()
    {
        var anna = await _site.TenantAsync("anna");
        var bob = await _site.TenantAsync("bob");
        var volume = await CreateAsync(anna, "hers");
        Assert.Null(volume.Backend);
        Assert.Null(volume.Generation);
        Assert.Null(volume.AllocatedBytes);
        Assert.Empty(await bob.Volumes.ListAsync(null, null, null, true, None));
        Assert.Equal(404, (await Assert.ThrowsAsync<RefusedException>(() => bob.Volumes.ShowAsync(volume.Id, None))).Error.Code);
        Assert.Equal(404, (await Assert.ThrowsAsync<RefusedException>(() => bob.Volumes.DeleteAsync(volume.Id, false, None))).Error.Code);
        Assert.Empty(await bob.Operations.ListAsync(null, null, null, None));
        Assert.NotEmpty(await anna.Operations.ListAsync(null, volume.Id, null, None));
        Assert.Empty(await Client.Volumes.ListAsync(null, null, null, allProjects: false, None));
        Assert.Single(await Client.Volumes.ListAsync(null, null, null, allProjects: true, None));
    }

    [Fact]
    public async Task A_reader_may_look_and_not_touch()
    {
        var reader = await _site.TenantAsync("rita", "reader");
        Assert.Empty(await reader.Volumes.ListAsync(null, null, null, false, None));
        var refused = await Assert.ThrowsAsync<RefusedException>(() =>
            reader.Volumes.CreateAsync(new VolumeCreateRequest("v", null, 1, null, null, null, null, null), None));
        Assert.Equal((403, "not_allowed"), (refused.Error.Code, refused.Error.Kind));
    }

    [Fact]
    public async Task A_connection_tells_its_secret_once()
    {
        var volume = await CreateAsync(Client, "data");
        var connection = await Client.Volumes.ConnectAsync(volume.Id, new ConnectRequest(null, "of a test"), None);
        Assert.StartsWith("nbd://127.0.0.1:10809/", connection.Uri);
        Assert.Equal(("north", false, "of a test"), (connection.Site, connection.ReadOnly, connection.HostNote));
        Assert.Equal("in-use", (await Client.Volumes.ShowAsync(volume.Id, None)).Status);
        var listed = Assert.Single(await Client.Volumes.ConnectionsAsync(volume.Id, None));
        Assert.Equal(connection.Id, listed.Id);
        Assert.Null(listed.Uri);
        await Client.Volumes.DisconnectAsync(volume.Id, connection.Id, None);
        Assert.Empty(await Client.Volumes.ConnectionsAsync(volume.Id, None));
        Assert.Equal(
            404,
            (await Assert.ThrowsAsync<RefusedException>(() => Client.Volumes.DisconnectAsync(volume.Id, connection.Id, None))).Error.Code);
    }

    [Fact]
    public async Task A_snapshot_is_taken_connected_read_only_and_deleted()
    {
        var volume = await CreateAsync(Client, "data");
        var made = await Client.Snapshots.CreateAsync(new SnapshotCreateRequest(volume.Id, "before", null), None);
        await Client.Operations.PollAsync(made.OperationId!, TimeSpan.FromSeconds(20), None);
        var snapshot = Assert.Single(await Client.Snapshots.ListAsync("before", volume.Id, false, None));
        Assert.Equal(("available", "north"), (snapshot.Status, snapshot.Site));
        var connection = await Client.Snapshots.ConnectAsync(snapshot.Id, new ConnectRequest(null, null), None);
        Assert.True(connection.ReadOnly);
        Assert.Equal(snapshot.Id, connection.SnapshotId);
        await Client.Volumes.DisconnectAsync(volume.Id, connection.Id, None);
        var undiffed = await Assert.ThrowsAsync<RefusedException>(() => Client.Snapshots.DiffAsync(snapshot.Id, null, 0, None));
        Assert.Contains("does not keep track", undiffed.Error.Message, StringComparison.Ordinal);
        var deleted = await Client.Snapshots.DeleteAsync(snapshot.Id, None);
        Assert.Equal("succeeded", (await Client.Operations.PollAsync(deleted.OperationId!, TimeSpan.FromSeconds(20), None)).Status);
        Assert.Equal(404, (await Assert.ThrowsAsync<RefusedException>(() => Client.Snapshots.ShowAsync(snapshot.Id, None))).Error.Code);
    }

    [Fact]
    public async Task A_long_list_comes_in_pages_that_the_client_follows()
    {
        for (var i = 0; i < 3; i++)
        {
            await CreateAsync(Client, $"v{i}");
        }

        var token = await _site.Api.TokenAsync();
        var names = new List<string>();
        var pages = 0;
        for (var path = "/skerry/v1/volumes?limit=1"; path is not null; pages++)
        {
            var page = await _site.Api.JsonAsync("GET", path, token, 200);
            names.AddRange(page["volumes"]!.AsArray().Select(v => (string)v!["name"]!));
            path = page["links"] is { } links ? new Uri((string)links[0]!["href"]!).PathAndQuery : null;
        }

        Assert.Equal(["v0", "v1", "v2"], names.Order());
        Assert.Equal(3, pages);
    }

    [Fact]
    public async Task Waiting_for_an_operation_that_does_not_end_returns_when_the_time_is_over()
    {
        var reply = await Client.Volumes.CreateAsync(
            new VolumeCreateRequest("far", null, 1, null, null, null, null, null), None);
        await Client.Operations.PollAsync(reply.OperationId!, TimeSpan.FromSeconds(20), None);
        var cancelled = await Assert.ThrowsAsync<RefusedException>(() => Client.Operations.CancelAsync(reply.OperationId!, None));
        Assert.Equal((409, "state"), (cancelled.Error.Code, cancelled.Error.Kind));
    }
}
