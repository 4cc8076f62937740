using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Skerry.State.Storage;
using Skerry.State.Storage.Redis;
using Skerry.State.Tests.Commits;
using Skerry.TestKit.Files;
using Skerry.TestKit.Processes;
using Skerry.TestKit.State;

namespace Skerry.State.Tests.Storage;

/// <summary>On real servers of their own, which are killed, frozen, set wrongly and put back.</summary>
public sealed class RedisStoreTests
{
    [Fact]
    public async Task Two_daemons_under_load_lose_nothing_when_the_server_is_killed_again_and_again()
    {
        await using var server = await RedisServer.StartAsync();
        await using var a = await OpenAsync(server);
        await using var b = await OpenAsync(server);
        using var followsA = Follower.Of(a.Replica);
        using var followsB = Follower.Of(b.Replica);
        var acknowledged = new System.Collections.Concurrent.ConcurrentBag<string>();
        using var stop = new CancellationTokenSource();
        var writers = new[] { a, b }.SelectMany((site, daemon) => Enumerable.Range(0, 4).Select(writer => Task.Run(async () =>
        {
            for (var i = 0; !stop.IsCancellationRequested; i++)
            {
                var id = $"{daemon}.{writer}.{i}";
                try
                {
                    await site.SetAsync(id, "name", id);
                    acknowledged.Add(id);
                }
                catch (StateStoreException passing) when (passing.Passes)
                {
                    await Task.Delay(5);
                }
            }
        }))).ToArray();
        for (var life = 0; life < 3; life++)
        {
            var before = acknowledged.Count;
            await Follower.UntilAsync(() => acknowledged.Count > before + 200 || writers.Any(writer => writer.IsFaulted));
            await server.KillAsync();
            await Follower.UntilAsync(() => a.Replica.Store.Fault is not null && b.Replica.Store.Fault is not null);
            await server.StartAsync();
        }

        await Follower.UntilAsync(() => a.Replica.Store.Fault is null && b.Replica.Store.Fault is null);
        var after = acknowledged.Count;
        await Follower.UntilAsync(() => acknowledged.Count > after + 200 || writers.Any(writer => writer.IsFaulted));
        await stop.CancelAsync();
        await Task.WhenAll(writers);
        await Follower.UntilAsync(() => a.Replica.Vector.Equals(b.Replica.Vector));
        await using var again = await OpenAsync(server);
        foreach (var site in new[] { a, b, again })
        {
            foreach (var id in acknowledged) Assert.True(site[id] is not null, $"{id} was acknowledged and is gone");
            Assert.Equal(a.Replica.Digest(), site.Replica.Digest());
        }

        Assert.Null(a.Replica.Store.PutBack);
    }

    [Fact]
    public async Task A_server_put_back_to_an_older_copy_is_noticed_and_loses_nothing_that_a_daemon_knows()
    {
        await using var server = await RedisServer.StartAsync();
        await using var a = await OpenAsync(server);
        await a.SetAsync("x", "name", "old");
        await server.KillAsync();
        server.KeepCopy("copy");
        await server.StartAsync();
        using var follower = Follower.Of(a.Replica);
        await UntilWrittenAsync(a, "x", "new");
        await a.SetAsync("y", "name", "new");
        await server.KillAsync();
        server.PutBack("copy");
        await server.StartAsync();
        await Follower.UntilAsync(() => a.Replica.Store is { PutBack: not null, Fault: null });
        await a.SetAsync("z", "name", "after");
        await using var again = await OpenAsync(server);
        Assert.Equal(["new", "new", "after"], new[] { "x", "y", "z" }.Select(id => again[id]!.GetString("name")));
        Assert.NotEqual(a.Replica.Incarnation, again.Replica.Incarnation);
    }

    [Fact]
    public async Task A_site_that_starts_on_an_older_copy_makes_no_dot_twice_and_gets_the_rest_from_its_peers()
    {
        await using var server = await RedisServer.StartAsync();
        await using var peer = await Site.OpenAsync(2);
        await using (var a = await OpenAsync(server))
        {
            await a.SetAsync("x", "name", "old");
            await server.KillAsync();
            server.KeepCopy("copy");
            await server.StartAsync();
            using var follower = Follower.Of(a.Replica);
            await UntilWrittenAsync(a, "x", "new");
            await peer.PullAsync(a);
        }

        await server.KillAsync();
        server.PutBack("copy");
        await server.StartAsync();
        await using var again = await OpenAsync(server);
        Assert.Equal("old", again["x"]!.GetString("name"));
        await again.SetAsync("y", "name", "since");
        await peer.PullAsync(again);
        await again.PullAsync(peer);
        Assert.Equal(("new", "since"), (again["x"]!.GetString("name"), peer["y"]!.GetString("name")));
        Assert.Equal(peer.Replica.Digest(), again.Replica.Digest());
    }

    [Theory]
    [InlineData("appendonly", "no", "set appendonly yes")]
    [InlineData("appendfsync", "everysec", "set appendfsync always")]
    [InlineData("no-appendfsync-on-rewrite", "yes", "set no-appendfsync-on-rewrite no")]
    [InlineData("maxmemory-policy", "allkeys-lru", "set maxmemory-policy noeviction")]
    public async Task A_setting_that_can_lose_what_was_acknowledged_is_refused_by_name(string setting, string value, string advice)
    {
        await using var server = await RedisServer.StartAsync($"--{setting}", value);
        var refused = await Assert.ThrowsAsync<StateStoreException>(() => OpenStoreAsync(server));
        Assert.Equal(StateStoreError.Refused, refused.Error);
        Assert.Contains($"{setting} is {value}", refused.Message, StringComparison.Ordinal);
        Assert.Contains(advice, refused.Message, StringComparison.Ordinal);
        Assert.Equal("0", await server.AskAsync("DBSIZE"));
    }

    [Fact]
    public async Task A_replica_of_another_server_is_refused()
    {
        await using var server = await RedisServer.StartAsync("--replicaof", "127.0.0.1 1");
        var refused = await Assert.ThrowsAsync<StateStoreException>(() => OpenStoreAsync(server));
        Assert.Contains("replica of 127.0.0.1", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_is_set_wrongly_while_it_runs_or_restarts_gets_no_more_writes_until_it_is_set_right()
    {
        await using var server = await RedisServer.StartAsync();
        await using var a = await OpenAsync(server);
        using var follower = Follower.Of(a.Replica);
        await a.SetAsync("x", "name", "kept");
        await server.AskAsync("CONFIG", "SET", "appendfsync", "no");
        await Follower.UntilAsync(() => a.Replica.Store.Fault is { Error: StateStoreError.Refused });
        var refused = await Assert.ThrowsAsync<StateStoreException>(() => a.SetAsync("x", "name", "refused"));
        Assert.True(refused.NothingWritten);
        Assert.Contains("set appendfsync always", refused.Message, StringComparison.Ordinal);
        await server.AskAsync("CONFIG", "SET", "appendfsync", "always");
        await Follower.UntilAsync(() => a.Replica.Store.Fault is null);
        await a.SetAsync("x", "name", "after");

        await server.AskAsync("REPLICAOF", "127.0.0.1", "1");
        await Follower.UntilAsync(() => a.Replica.Store.Fault is { Error: StateStoreError.Refused });
        await server.AskAsync("REPLICAOF", "NO", "ONE");
        await Follower.UntilAsync(() => a.Replica.Store.Fault is null);
        Assert.Equal("after", a["x"]!.GetString("name"));
    }

    [Fact]
    public async Task A_server_that_reached_its_memory_refuses_the_write_and_loses_nothing()
    {
        await using var server = await RedisServer.StartAsync();
        await using var a = await OpenAsync(server);
        await a.SetAsync("x", "name", "kept");
        await server.AskAsync("CONFIG", "SET", "maxmemory", "1");
        var full = await Assert.ThrowsAsync<StateStoreException>(() => a.SetAsync("x", "name", "refused"));
        Assert.Equal((StateStoreError.Full, true), (full.Error, full.NothingWritten));
        Assert.Contains("maxmemory", full.Message, StringComparison.Ordinal);
        await server.AskAsync("CONFIG", "SET", "maxmemory", "0");
        await a.SetAsync("y", "name", "after");
        await using var again = await OpenAsync(server);
        Assert.Equal(("kept", "after"), (again["x"]!.GetString("name"), again["y"]!.GetString("name")));
    }

    [Fact]
    public async Task A_write_that_a_frozen_server_carries_out_late_is_counted_once()
    {
        await using var server = await RedisServer.StartAsync();
        await using var a = await Site.OpenAsync(1, await RedisStore.OpenAsync(server.Address(), TimeProvider.System, TimeSpan.FromSeconds(2), default));
        using var follower = Follower.Of(a.Replica);
        await a.SetAsync("x", "name", "kept");

        // The follower may find the server frozen first; then nothing is sent there.
        StateStoreException unknown;
        do
        {
            await Follower.UntilAsync(() => a.Replica.Store.Fault is null);
            server.Freeze();
            unknown = await Assert.ThrowsAsync<StateStoreException>(() => a.SetAsync("x", "name", "late"));
            server.Thaw();
        }
        while (unknown.NothingWritten);
        await UntilWrittenAsync(a, "y", "after");
        await using var again = await OpenAsync(server);
        Assert.Equal(a.Replica.Digest(), again.Replica.Digest());
        Assert.Equal("after", again["y"]!.GetString("name"));
    }

    [Fact]
    public async Task Commands_that_the_operator_cut_off_or_flushed_do_no_harm()
    {
        await using var server = await RedisServer.StartAsync();
        await using var a = await OpenAsync(server);
        await a.SetAsync("x", "name", "one");
        await server.AskAsync("SCRIPT", "FLUSH");
        await server.AskAsync("CLIENT", "KILL", "TYPE", "normal");
        await a.SetAsync("x", "name", "two");
        await using var again = await OpenAsync(server);
        Assert.Equal("two", again["x"]!.GetString("name"));
    }

    [Fact]
    public async Task A_password_is_needed_and_never_told()
    {
        await using var server = await RedisServer.StartAsync("--requirepass", "s3cret-word");
        foreach (var wrong in new[] { null, "not-it" })
        {
            var refused = await Assert.ThrowsAsync<StateStoreException>(
                () => RedisStore.OpenAsync(server.Address(password: wrong), TimeProvider.System, default));
            Assert.Contains("user or password", refused.Message, StringComparison.Ordinal);
            Assert.DoesNotContain("not-it", refused.Message, StringComparison.Ordinal);
        }

        await using var store = await RedisStore.OpenAsync(server.Address(password: "s3cret-word"), TimeProvider.System, default);
        Assert.DoesNotContain("s3cret", store.Name, StringComparison.Ordinal);
        await server.KillAsync();
        var gone = await Assert.ThrowsAsync<StateStoreException>(async () => await store.AppendAsync(0, 1, new byte[1], default));
        Assert.DoesNotContain("s3cret", gone.ToString(), StringComparison.Ordinal);
    }

    /// <summary>The rights are those that docs/operating/redis.md names.</summary>
    [Fact]
    public async Task A_user_with_the_documented_rights_has_what_it_needs_and_no_more()
    {
        const string rights = "on >word ~skerry:north:* &skerry:north:* +eval +hmget +hset +xadd +xrange +xtrim +lrange +rpush +llen +pexpire +persist "
            + "+unlink +publish +subscribe +info +config|get +client|id +select";
        await using var server = await RedisServer.StartAsync();
        Assert.Equal("OK", await server.AskAsync(["ACL", "SETUSER", "skerry", .. rights.Split(' ')]));
        var address = server.Address("skerry:north:", "word") with { User = "skerry", Database = 3 };
        foreach (var cases in new[] { StateStoreConformance.Cases, StateStoreConformance.SharedCases })
        {
            foreach (var one in cases.Values)
            {
                await one(async () => await RedisStore.OpenAsync(address, TimeProvider.System, default));
                await server.AskAsync("FLUSHALL");
            }
        }

        var refused = await Assert.ThrowsAsync<StateStoreException>(() => RedisStore.OpenAsync(address with { Prefix = "skerry:south:" }, TimeProvider.System, default));
        Assert.Equal(StateStoreError.Refused, refused.Error);
    }

    /// <summary>The keys of every released version must open for ever; they hold one checkpoint, and entries kept and unapplied.</summary>
    [Fact]
    public async Task The_keys_of_version_1_still_open()
    {
        await using var server = await RedisServer.StartAsync();
        await using (var connection = await RedisConnection.OpenAsync(server.Address(), TimeSpan.FromSeconds(30), TimeProvider.System, default))
        {
            foreach (var line in await File.ReadAllLinesAsync(Path.Combine(AppContext.BaseDirectory, "Fixtures", "v2", "redis.txt")))
            {
                await connection.AskAsync([.. line.Split(' ').Select(word => (ReadOnlyMemory<byte>)Convert.FromHexString(word))], default);
            }
        }

        await using var site = await OpenAsync(server);
        Assert.Equal(["0", "1", "2", "3", "4", "5", "6", "7"], Enumerable.Range(0, 8).Select(i => site[$"x{i}"]!.GetString("name")));
        Assert.Equal(2, site.LogFrom(site.Replica.LogBase).Count);
        await site.SetAsync("x8", "name", "8");
    }

    /// <summary>Not a test: writes the fixture of the test above to the file that the variable names.</summary>
    [Fact(Explicit = true)]
    public async Task Write_a_fixture()
    {
        var target = Environment.GetEnvironmentVariable("SKERRY_WRITE_FIXTURE");
        Assert.SkipWhen(target is null, "SKERRY_WRITE_FIXTURE names no file");
        await using var server = await RedisServer.StartAsync();
        await using (var site = await OpenAsync(server, new ReplicaLimits { MaxLogBytes = 300 }))
        {
            for (var i = 0; i < 8; i++)
            {
                await site.SetAsync($"x{i}", "name", $"{i}");
                if (i == 6) await site.Replica.CutLogAsync(default);
            }
        }

        await using var connection = await RedisConnection.OpenAsync(server.Address(), TimeSpan.FromSeconds(30), TimeProvider.System, default);
        List<IReadOnlyList<byte[]>> commands = [];
        foreach (var key in (await connection.AskAsync(["KEYS", "*"], default)).Items!.Select(item => item.Text).Order())
        {
            var (read, write) = (await connection.AskAsync(["TYPE", key], default)).Text switch
            {
                "hash" => (new[] { "HGETALL", key }, "HSET"),
                "list" => (["LRANGE", key, "0", "-1"], "RPUSH"),
                _ => (["XRANGE", key, "-", "+"], "XADD"),
            };
            var items = (await connection.AskAsync(read, default)).Items!;
            var name = System.Text.Encoding.UTF8.GetBytes(key);
            if (write != "XADD") commands.Add([System.Text.Encoding.UTF8.GetBytes(write), name, .. items.Select(item => item.Bytes!)]);
            else commands.AddRange(items.Select(entry => (byte[][])[[.. "XADD"u8], name, entry.Items![0].Bytes!, .. entry.Items[1].Items!.Select(item => item.Bytes!)]));
        }

        await File.WriteAllLinesAsync(target!, commands.Select(words => string.Join(' ', words.Select(Convert.ToHexStringLower))));
    }

    [Fact]
    public async Task Over_tls_the_server_must_prove_itself()
    {
        using var files = new TemporaryDirectory();
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=redis.test", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(System.Net.IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        await File.WriteAllTextAsync(files.File("server.crt"), certificate.ExportCertificatePem());
        await File.WriteAllTextAsync(files.File("server.key"), key.ExportPkcs8PrivateKeyPem());
        var tlsPort = FreePort.Take(1)[0];
        await using var server = await RedisServer.StartAsync(
            "--tls-port", $"{tlsPort}", "--tls-cert-file", files.File("server.crt"), "--tls-key-file", files.File("server.key"), "--tls-auth-clients", "no");
        var address = server.Address() with { Port = tlsPort, Tls = true };
        var refused = await Assert.ThrowsAsync<StateStoreException>(() => RedisStore.OpenAsync(address, TimeProvider.System, default));
        Assert.Equal(StateStoreError.Unreachable, refused.Error);
        Assert.Contains("certificate", refused.Message, StringComparison.Ordinal);

        await using (var a = await Site.OpenAsync(1, await RedisStore.OpenAsync(address with { AuthorityFile = files.File("server.crt") }, TimeProvider.System, default)))
        {
            await a.SetAsync("x", "name", "sealed");
        }

        await using var again = await OpenAsync(server);
        Assert.Equal("sealed", again["x"]!.GetString("name"));
    }

    [Fact]
    public async Task Keys_of_something_else_are_refused_and_left_alone()
    {
        await using var server = await RedisServer.StartAsync();
        await server.AskAsync("SET", "skerry:test:tail", "precious");
        var refused = await Assert.ThrowsAsync<StateStoreException>(() => OpenStoreAsync(server));
        Assert.Equal(StateStoreError.Foreign, refused.Error);
        Assert.Contains("prefix", refused.Message, StringComparison.Ordinal);
        Assert.Equal("precious", await server.AskAsync("GET", "skerry:test:tail"));
    }

    [Fact]
    public async Task A_log_that_lost_an_entry_is_named_and_never_read_as_state()
    {
        await using var server = await RedisServer.StartAsync();
        await using (var a = await OpenAsync(server))
        {
            for (var i = 0; i < 5; i++) await a.SetAsync("x", "name", $"{i}");
        }

        await server.AskAsync("XDEL", "skerry:test:log", "3-0");
        var damaged = await Assert.ThrowsAsync<StateStoreException>(async () => await OpenAsync(server));
        Assert.Equal(StateStoreError.Corrupt, damaged.Error);
        Assert.Contains("Entry 3", damaged.Message, StringComparison.Ordinal);
    }

    private static Task<RedisStore> OpenStoreAsync(RedisServer server) => RedisStore.OpenAsync(server.Address(), TimeProvider.System, default);

    private static async ValueTask<Site> OpenAsync(RedisServer server, ReplicaLimits? limits = null) =>
        await Site.OpenAsync(1, await OpenStoreAsync(server), limits: limits);

    /// <summary>A connection that was cut may show at the next write only.</summary>
    private static async Task UntilWrittenAsync(Site site, string id, string value)
    {
        var isWritten = false;
        for (var attempt = 0; !isWritten; attempt++)
        {
            try
            {
                await site.SetAsync(id, "name", value);
                isWritten = true;
            }
            catch (StateStoreException passing) when (passing.Passes && attempt < 600)
            {
                await Task.Delay(100);
            }
        }
    }
}
