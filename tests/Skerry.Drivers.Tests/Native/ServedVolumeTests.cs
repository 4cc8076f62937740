using System.Diagnostics;
using System.Net;
using Skerry.Blocks;
using Skerry.Blocks.Nbd;
using Skerry.Domain;
using Skerry.Domain.Replication;
using Skerry.Domain.Volumes;
using Skerry.Drivers.Native;
using Skerry.TestKit.Domain;
using Skerry.TestKit.Processes;

namespace Skerry.Drivers.Tests.Native;

/// <summary>From the request for a volume to its blocks over NBD, with everything real but the store of the state.</summary>
public sealed class ServedVolumeTests : IAsyncLifetime
{
    private static readonly CancellationToken None = CancellationToken.None;
    private static readonly Actor Ann = DomainSite.Member("ann", "p1");
    private readonly DirectoryInfo _root = Directory.CreateTempSubdirectory("skerry-served-");
    private BlockStoreSet _stores = null!;
    private DomainSite _site = null!;
    private NbdServer _server = null!;
    private NativeExports _exports = null!;

    public async ValueTask InitializeAsync()
    {
        var store = await BlockStore.OpenAsync(
            new BlockStoreOptions { Directory = Path.Combine(_root.FullName, "ssd"), CapacityBytes = 8L << 30 }, None);
        _stores = new BlockStoreSet(new Dictionary<string, BlockStore>(StringComparer.Ordinal) { ["ssd"] = store });
        _site = await DomainSite.StartAsync(
            "north",
            TimeProvider.System,
            prepare: site => site.MakeDrivers = exports => _stores.All.Select(s => new NativeDriver(s.Key, s.Value, exports)));
        _server = new NbdServer(
            new NbdServerOptions { EndPoint = new IPEndPoint(IPAddress.Loopback, 0) }, _exports = new NativeExports(_site.Exports, _stores, TimeProvider.System), TimeProvider.System);
        await _server.StartAsync(None);
        _site.NbdAddress.Port = ((IPEndPoint)_server.LocalEndPoint).Port;
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        await _site.DisposeAsync();
        await _stores.DisposeAsync();
        _root.Delete(recursive: true);
    }

    [Fact]
    public async Task A_volume_made_through_the_service_is_written_and_read_over_nbd()
    {
        var id = await CreateAsync();
        var grant = (await _site.Connections.ConnectAsync(Ann, new(id), None)).Value;
        await using (var client = await ConnectAsync(grant))
        {
            Assert.Equal(1L << 30, client.SizeBytes);
            await client.WriteAsync(4096, Stamp(7), None);
            await client.FlushAsync(None);
        }

        var snapshot = (await _site.Snapshots.CreateAsync(Ann, new(id), None)).Value.Id;
        await _site.SettleAsync();
        await using (var client = await ConnectAsync(grant))
        {
            await client.WriteAsync(4096, Stamp(8), None);
            Assert.Equal(Stamp(8), await ReadAsync(client, 4096));
        }

        var ofSnapshot = (await _site.Connections.ConnectAsync(Ann, new(id) { SnapshotId = snapshot }, None)).Value;
        await using var reader = await ConnectAsync(ofSnapshot);
        Assert.Equal(Stamp(7), await ReadAsync(reader, 4096));
        await Assert.ThrowsAsync<IOException>(async () => await reader.WriteAsync(0, Stamp(9), None));
    }

    [Fact]
    public async Task The_stock_client_sees_the_volume()
    {
        Assert.SkipUnless(ProgramRun.Exists("nbdinfo"), "nbdinfo (libnbd-bin) is not installed");
        var id = await CreateAsync();
        var grant = (await _site.Connections.ConnectAsync(Ann, new(id), None)).Value;
        var info = await ProgramRun.RunAsync("nbdinfo", ["--size", grant.Uri], TimeSpan.FromSeconds(20), None);
        Assert.Equal("1073741824", info.Require().Output.Trim());
        var wrong = await ProgramRun.RunAsync("nbdinfo", ["--size", grant.Uri + "x"], TimeSpan.FromSeconds(20), None);
        Assert.NotEqual(0, wrong.ExitCode);
    }

    [Fact]
    public async Task The_stock_client_sees_what_changed_since_a_snapshot_and_no_snapshot_that_is_not_its_users()
    {
        Assert.SkipUnless(ProgramRun.Exists("nbdinfo"), "nbdinfo (libnbd-bin) is not installed");
        var id = await CreateAsync();
        var snapshot = (await _site.Snapshots.CreateAsync(Ann, new(id), None)).Value.Id;
        await _site.SettleAsync();
        var volume = await _stores.All["ssd"].OpenAsync(id, None);
        await volume.CreateSnapshotAsync("replication's own", None);
        var grant = (await _site.Connections.ConnectAsync(Ann, new(id), None)).Value;
        await using (var client = await ConnectAsync(grant))
        {
            await client.WriteAsync(1 << 20, Stamp(7), None);
        }

        var contexts = (await ProgramRun.RunAsync("nbdinfo", [grant.Uri], TimeSpan.FromSeconds(20), None)).Require().Output;
        Assert.Contains($"qemu:dirty-bitmap:{snapshot}", contexts, StringComparison.Ordinal);
        Assert.DoesNotContain("replication", contexts, StringComparison.Ordinal);
        var map = await ProgramRun.RunAsync("nbdinfo", [$"--map=qemu:dirty-bitmap:{snapshot}", grant.Uri], TimeSpan.FromSeconds(20), None);
        Assert.Equal(
            [["0", "1048576", "0", "clean"], ["1048576", "4096", "1", "dirty"], ["1052672", "1072689152", "0", "clean"]],
            map.Require().Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries)));
    }

    [Fact]
    public async Task A_disconnect_closes_what_is_open_within_a_second_and_for_good()
    {
        var id = await CreateAsync();
        var grant = (await _site.Connections.ConnectAsync(Ann, new(id), None)).Value;
        await using var client = await ConnectAsync(grant);
        await client.WriteAsync(0, Stamp(1), None);
        var started = Stopwatch.GetTimestamp();
        await _site.Connections.DisconnectAsync(Ann, id, grant.Connection.Id, None);
        await EndsAsync(client);
        Assert.True(Stopwatch.GetElapsedTime(started) < TimeSpan.FromSeconds(1.5));
        await Assert.ThrowsAnyAsync<IOException>(async () => await ConnectAsync(grant));
    }

    [Fact]
    public async Task A_higher_generation_elsewhere_stops_writers_and_takes_back_nothing_that_was_flushed()
    {
        var id = await CreateAsync();
        var grant = (await _site.Connections.ConnectAsync(Ann, new(id), None)).Value;
        await using var client = await ConnectAsync(grant);
        await client.WriteAsync(0, Stamp(5), None);
        await client.FlushAsync(None);

        await _site.Context.DecideAsync(
            DomainSite.Admin,
            transaction =>
            {
                Generations.Write(transaction, new Generation(id, 2, _site.Context.Ids.NewUuid(), "00000000000000aa", 0, null, false));
                return default(Unit);
            },
            None);
        var started = Stopwatch.GetTimestamp();
        await _site.SettleAsync();
        await EndsAsync(client);
        Assert.True(Stopwatch.GetElapsedTime(started) < TimeSpan.FromSeconds(1.5));

        var volume = await _stores.All["ssd"].OpenAsync(id, None);
        Assert.True(volume.IsReadOnly);
        await Assert.ThrowsAnyAsync<BlockException>(async () => await volume.WriteAsync(0, Stamp(6), WriteOptions.None, None));
        var kept = new byte[4096];
        await volume.ReadAsync(0, kept, None);
        Assert.Equal(Stamp(5), kept);
        await Assert.ThrowsAnyAsync<IOException>(async () => await ConnectAsync(grant));
    }

    [Fact]
    public async Task An_extension_shows_to_the_next_connection_and_a_deletion_takes_the_data()
    {
        var id = await CreateAsync();
        await _site.Volumes.ExtendAsync(Ann, id, 2, None);
        await _site.SettleAsync();
        var grant = (await _site.Connections.ConnectAsync(Ann, new(id), None)).Value;
        await using (var client = await ConnectAsync(grant))
        {
            Assert.Equal(2L << 30, client.SizeBytes);
            await client.WriteAsync((2L << 30) - 4096, Stamp(3), None);
        }

        await _site.Connections.DisconnectAsync(Ann, id, null, None);
        await _site.Volumes.DeleteAsync(Ann, id, false, None);
        await _site.SettleAsync();
        Assert.True(_site.Volumes.Show(Ann, id).IsRefused);
        Assert.Empty(_stores.All["ssd"].VolumeIds);
    }

    [Fact]
    public async Task A_copy_of_a_promoted_volume_is_writable()
    {
        var id = await CreateAsync();
        await _site.Context.DecideAsync(
            DomainSite.Admin,
            transaction =>
            {
                Generations.Write(transaction, new Generation(id, 3, _site.Context.Ids.NewUuid(), _site.Context.SelfText, 0, null, false));
                return default(Unit);
            },
            None);
        await _site.SettleAsync();
        var copy = (await _site.Volumes.CreateAsync(Ann, new() { SourceVolumeId = id }, None)).Value.Id;
        await _site.SettleAsync();
        Assert.Equal((VolumeStatus.Available, 3L), (_site.Volumes.Show(Ann, copy).Value.Status, _site.Volumes.Show(DomainSite.Admin, copy).Value.Primary!.Current.Number));
        await using var client = await ConnectAsync((await _site.Connections.ConnectAsync(Ann, new(copy), None)).Value);
        await client.WriteAsync(0, Stamp(1), None);
    }

    [Fact]
    public async Task A_change_of_the_types_rates_reaches_open_connections()
    {
        var id = await CreateAsync();
        var type = _site.Volumes.Show(Ann, id).Value.TypeId;
        var grant = (await _site.Connections.ConnectAsync(Ann, new(id), None)).Value;
        await using var client = await ConnectAsync(grant);
        await using var second = await ConnectAsync(grant);
        var rates = new ExportRatesReconciler(_exports);

        var spec = (await _site.Qos.CreateAsync(
            DomainSite.Admin, "slow", "front-end", new Dictionary<string, string> { ["read_iops_sec"] = "20", ["read_iops_sec_max"] = "1" }, None)).Value;
        Assert.Null((await _site.Qos.AssociateAsync(DomainSite.Admin, "slow", type, None)).Refusal);
        await rates.StepAsync(None);
        var slow = await TimeAsync(client, second);
        Assert.InRange(slow.TotalSeconds, 0.8, 10);

        Assert.Null((await _site.Qos.UpdateAsync(
            DomainSite.Admin, spec.Id, null, new Dictionary<string, string> { ["read_iops_sec"] = "100000" }, ["read_iops_sec_max"], None)).Refusal);
        await rates.StepAsync(None);
        Assert.InRange((await TimeAsync(client, second)).TotalSeconds, 0, slow.TotalSeconds / 2);

        // A volume that is gone leaves nothing behind, and a type without specs no limit.
        await _site.Qos.DeleteAsync(DomainSite.Admin, "slow", force: true, None);
        await rates.StepAsync(None);
        Assert.InRange((await TimeAsync(client, second)).TotalSeconds, 0, slow.TotalSeconds / 2);

        // 20 reads by two clients.
        static async Task<TimeSpan> TimeAsync(NbdClient one, NbdClient other)
        {
            var started = Stopwatch.GetTimestamp();
            for (var i = 0; i < 10; i++)
            {
                await Task.WhenAll(ReadAsync(one, 0), ReadAsync(other, 4096));
            }

            return Stopwatch.GetElapsedTime(started);
        }
    }

    [Fact]
    public async Task Exports_are_listed_for_the_client_that_they_are_for_and_for_nobody_else()
    {
        var id = await CreateAsync();
        _site.NbdAddress.KnowsClients = true;
        var grant = (await _site.Connections.ConnectAsync(Ann, new(id) { ClientName = "host-7" }, None)).Value;
        await _site.Connections.ConnectAsync(Ann, new(id), None);
        var host = new NbdPeer(new IPEndPoint(IPAddress.Loopback, 1), IsEncrypted: true, new NbdClientCertificate("host-7", "CN=host-7", "00"));
        var nameless = host with { Certificate = new NbdClientCertificate("", "O=none", "01") };

        Assert.Equal([new NbdListing(grant.Connection.Id, "disk")], await _exports.ListAsync(host, None));
        await using (var export = await _exports.OpenAsync(grant.Connection.Id, host, None))
        {
            Assert.Equal(1L << 30, export!.Device.SizeBytes);
        }

        foreach (var other in new[] { nameless, host with { Certificate = null } })
        {
            Assert.Empty(await _exports.ListAsync(other, None));
            Assert.Null(await _exports.OpenAsync(grant.Connection.Id, other, None));
            Assert.Null(await _exports.OpenAsync(grant.ExportName, other, None));
        }
    }

    private async Task<string> CreateAsync()
    {
        var asked = await _site.Volumes.CreateAsync(Ann, new() { Name = "disk", SizeGib = 1 }, None);
        await _site.SettleAsync();
        Assert.Equal(VolumeStatus.Available, _site.Volumes.Show(Ann, asked.Value.Id).Value.Status);
        return asked.Value.Id;
    }

    private static Task<NbdClient> ConnectAsync(ConnectionGrant grant) => NbdClient.ConnectAsync(new Uri(grant.Uri), None);

    private static async Task EndsAsync(NbdClient client) =>
        await Assert.ThrowsAnyAsync<IOException>(async () =>
        {
            while (true)
            {
                await ReadAsync(client, 0);
                await Task.Delay(10, None);
            }
        });

    private static async Task<byte[]> ReadAsync(NbdClient client, long offsetBytes)
    {
        var block = new byte[4096];
        await client.ReadAsync(offsetBytes, block, None);
        return block;
    }

    private static byte[] Stamp(byte value)
    {
        var block = new byte[4096];
        Array.Fill(block, value);
        return block;
    }
}
