using System.Diagnostics;
using Skerry.State.Storage;
using Skerry.State.Storage.Sqlite;
using Skerry.TestKit.Files;
using Skerry.TestKit.Seeds;

namespace Skerry.State.Tests.Storage;

public sealed class SqliteStoreTests
{
    private const string PathVariable = "SKERRY_TEST_COMMIT_UNTIL_KILLED";

    [Fact]
    public async Task What_was_acknowledged_is_there_after_sigkill_in_the_middle_of_commits()
    {
        using var directory = new TemporaryDirectory();
        var chance = new Chance(Environment.TickCount);
        var acknowledged = 0L;
        for (var life = 0; life < 4; life++)
        {
            using var child = StartWriter(directory);
            await UntilAsync(() => Acknowledged(directory).Count > acknowledged + 20 || child.HasExited);
            await Task.Delay(chance.Below(100));
            Assert.False(child.HasExited, "the writer ended by itself");
            child.Kill();
            await child.WaitForExitAsync();

            await using var site = await Site.OpenAsync(1, await SqliteStore.OpenAsync(directory.File("state.db"), default));
            var answers = Acknowledged(directory);
            foreach (var id in answers) Assert.True(site[id] is not null, $"{id} was acknowledged and is gone (seed {chance.Seed})");
            acknowledged = answers.Count;
        }
    }

    /// <summary>Not a test: the process that the test above kills. Writes, and notes each answer in a file beside the store.</summary>
    [Fact(Explicit = true)]
    public async Task Commit_until_killed()
    {
        var path = Environment.GetEnvironmentVariable(PathVariable);
        Assert.SkipWhen(path is null, "runs only as a child of the test of SIGKILL");
        await using var site = await Site.OpenAsync(1, await SqliteStore.OpenAsync(path!, default), limits: new ReplicaLimits { MaxLogBytes = 20_000 });
        await using var answers = new FileStream(path + ".answers", FileMode.Append, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0);
        var writers = Enumerable.Range(0, 8).Select(async writer =>
        {
            var stop = Stopwatch.StartNew();
            for (var i = 0; stop.Elapsed < TimeSpan.FromMinutes(1); i++)
            {
                var id = $"{site.Replica.Incarnation:x16}.{writer}.{i}";
                await site.SetAsync(id, "name", new string('a', 100));
                lock (answers) answers.Write(System.Text.Encoding.ASCII.GetBytes(id + "\n"));
                if (writer == 0) await site.Replica.CutLogAsync(default);
            }
        });
        await Task.WhenAll(writers);
    }

    [Fact]
    public async Task A_store_that_is_open_is_locked_for_others()
    {
        using var directory = new TemporaryDirectory();
        await using var first = await SqliteStore.OpenAsync(directory.File("state.db"), default);
        var refused = await Assert.ThrowsAsync<StateStoreException>(() => SqliteStore.OpenAsync(directory.File("state.db"), default));
        Assert.Equal(StateStoreError.Locked, refused.Error);
        Assert.Contains("state.db", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_directory_that_is_not_there_is_named()
    {
        using var directory = new TemporaryDirectory();
        var refused = await Assert.ThrowsAsync<StateStoreException>(() => SqliteStore.OpenAsync(directory.File("none/state.db"), default));
        Assert.Contains("none/state.db", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_of_something_else_is_refused_and_left_alone()
    {
        using var directory = new TemporaryDirectory();
        var path = directory.File("state.db");
        await File.WriteAllTextAsync(path, new string('x', 10_000));
        var refused = await Assert.ThrowsAsync<StateStoreException>(() => SqliteStore.OpenAsync(path, default));
        Assert.Equal(StateStoreError.Corrupt, refused.Error);
        Assert.Equal(new string('x', 10_000), await File.ReadAllTextAsync(path));
    }

    [Fact]
    public async Task A_database_of_another_program_is_refused_and_left_alone()
    {
        using var directory = new TemporaryDirectory();
        var path = directory.File("theirs.db");
        using (var theirs = new Microsoft.Data.Sqlite.SqliteConnection($"Data Source={path};Pooling=False"))
        {
            theirs.Open();
            using var command = theirs.CreateCommand();
            command.CommandText = "CREATE TABLE precious (a); INSERT INTO precious VALUES (1)";
            command.ExecuteNonQuery();
        }

        var before = await File.ReadAllBytesAsync(path);
        var refused = await Assert.ThrowsAsync<StateStoreException>(() => SqliteStore.OpenAsync(path, default));
        Assert.Equal(StateStoreError.Foreign, refused.Error);
        Assert.Equal(before, await File.ReadAllBytesAsync(path));
    }

    [Fact]
    public async Task Damage_anywhere_in_the_file_is_named_and_never_read_as_state()
    {
        using var directory = new TemporaryDirectory();
        var path = directory.File("state.db");
        string[] expected;
        await using (var site = await Site.OpenAsync(1, await SqliteStore.OpenAsync(path, default), limits: new ReplicaLimits { MaxLogBytes = 20_000 }))
        {
            for (var i = 0; i < 60; i++) await site.SetAsync($"x{i % 7}", "name", $"{i} " + new string('a', 900));
            await site.Replica.CutLogAsync(default);
            for (var i = 0; i < 20; i++) await site.SetAsync($"x{i % 7}", "name", $"{i} " + new string('b', 900));
            expected = Names(site);
        }

        var whole = await File.ReadAllBytesAsync(path);
        var refused = 0;
        await Chance.ForEachSeedAsync(60, async chance =>
        {
            byte[] damaged = [.. whole];
            if (chance.OneIn(4)) damaged = damaged[..chance.Below(damaged.Length)];
            else damaged[100 + chance.Below(damaged.Length - 100)] ^= (byte)(1 << chance.Below(8));
            var copy = directory.File($"damaged{chance.Seed}.db");
            await File.WriteAllBytesAsync(copy, damaged);
            try
            {
                await using var site = await Site.OpenAsync(1, await SqliteStore.OpenAsync(copy, default));
                // A flip in what nothing uses does no harm; an empty file is a new store.
                if (damaged.Length > 0) Assert.Equal(expected, Names(site));
            }
            catch (StateStoreException named)
            {
                refused++;
                Assert.Contains(copy, named.Message, StringComparison.Ordinal);
            }
        });
        Assert.True(refused > 20, $"only {refused} of 60 damages were noticed");
    }

    [Fact]
    public async Task A_full_disk_refuses_the_write_and_loses_nothing()
    {
        using var disk = SmallDisk.TryMount();
        Assert.SkipWhen(disk is null, "a small file system cannot be mounted here");
        var path = disk!.File("state.db");
        byte[] digest;
        await using (var site = await Site.OpenAsync(1, await SqliteStore.OpenAsync(path, default), limits: new ReplicaLimits { MaxLogBytes = 1000 }))
        {
            StateStoreException? full = null;
            for (var i = 0; i < 500 && full is null; i++)
            {
                try
                {
                    await site.SetAsync($"x{i}", "name", new string('a', 40_000));
                }
                catch (StateStoreException refused)
                {
                    full = refused;
                }
            }

            Assert.Equal(StateStoreError.Full, full!.Error);
            Assert.Contains(path, full.Message, StringComparison.Ordinal);
            // Nor does a checkpoint that finds no room for itself.
            full = await Assert.ThrowsAsync<StateStoreException>(async () => await site.Replica.CutLogAsync(default));
            Assert.Equal(StateStoreError.Full, full.Error);
            digest = site.Replica.Digest();
        }

        await using var again = await Site.OpenAsync(1, await SqliteStore.OpenAsync(path, default));
        Assert.Equal(digest, again.Replica.Digest());
    }

    private static string[] Names(Site site) => [.. site.Replica.List("v").Select(entity => entity.GetString("name")!)];

    private static Process StartWriter(TemporaryDirectory directory)
    {
        var start = new ProcessStartInfo("dotnet")
        {
            ArgumentList = { typeof(SqliteStoreTests).Assembly.Location, "-explicit", "only", "-method", $"{typeof(SqliteStoreTests).FullName}.{nameof(Commit_until_killed)}" },
            Environment = { [PathVariable] = directory.File("state.db") },
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        return Process.Start(start)!;
    }

    private static List<string> Acknowledged(TemporaryDirectory directory)
    {
        var path = directory.File("state.db.answers");
        if (!File.Exists(path)) return [];
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        using var reader = new StreamReader(stream);
        var text = reader.ReadToEnd();
        // A line without its end was cut by the kill.
        return [.. text[..(text.LastIndexOf('\n') + 1)].Split('\n', StringSplitOptions.RemoveEmptyEntries)];
    }

    private static async Task UntilAsync(Func<bool> condition)
    {
        var watch = Stopwatch.StartNew();
        while (!condition())
        {
            Assert.True(watch.Elapsed < TimeSpan.FromSeconds(60), "waited 60 s in vain");
            await Task.Delay(10);
        }
    }
}
