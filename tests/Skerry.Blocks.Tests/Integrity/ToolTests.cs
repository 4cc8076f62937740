using System.Diagnostics;
using System.Text.Json;
using Skerry.Blocks.Tests.Nbd;
using Skerry.TestKit.Files;

namespace Skerry.Blocks.Tests.Integrity;

/// <summary>The program skerry-blocks as a person runs it, with real NBD clients.</summary>
public sealed class ToolTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    private string Store => Path.Combine(_directory.Path, "store");

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task A_volume_is_made_served_snapshotted_and_checked()
    {
        Assert.Equal(3, (await Tool("list", Store)).ExitCode);
        Assert.Equal(0, (await Tool("create", Store, "root", "--size", "32M")).ExitCode);
        Assert.Equal(4, (await Tool("create", Store, "root", "--size", "32M")).ExitCode);
        Assert.Equal(2, (await Tool("create", Store, "other", "--size", "much")).ExitCode);
        var source = Path.Combine(_directory.Path, "source");
        var bytes = new byte[5_000_000];
        new Random(5).NextBytes(bytes);
        await File.WriteAllBytesAsync(source, bytes, TestContext.Current.CancellationToken);

        await using (var served = await Export("root", "--listen", "127.0.0.1:0"))
        {
            await ClientProgram.Run("nbdcopy", source, served.Uri);
            Assert.Equal(4, (await Tool("check", Store)).ExitCode);
            Assert.Equal(0, await served.StopAsync());
        }

        Assert.Equal(0, (await Tool("snapshot", "create", Store, "root", "kept")).ExitCode);
        await using (var served = await Export("root", "--unix", Path.Combine(_directory.Path, "s")))
        {
            await ClientProgram.Run("qemu-io", "-f", "raw", "-c", "write -P 7 0 65536", "-c", "flush", served.Uri);
            Assert.Equal(0, await served.StopAsync());
        }

        await using (var served = await Export("root", "--snapshot", "kept", "--listen", "127.0.0.1:0"))
        await using (var beside = await Export("root", "--read-only", "--listen", "127.0.0.1:0"))
        {
            var copied = Path.Combine(_directory.Path, "copied");
            await ClientProgram.Run("nbdcopy", served.Uri, copied);
            Assert.True((await File.ReadAllBytesAsync(copied, TestContext.Current.CancellationToken)).AsSpan(0, bytes.Length).SequenceEqual(bytes));
            await ClientProgram.Run("qemu-io", "-r", "-f", "raw", "-c", "read -P 7 0 65536", beside.Uri);
            Assert.Equal(0, await beside.StopAsync());
            Assert.Equal(0, await served.StopAsync());
        }

        using var list = JsonDocument.Parse((await Tool("list", Store, "-f", "json")).Output);
        Assert.Equal(32 << 20, list.RootElement[0].GetProperty("size_bytes").GetInt64());
        using var info = JsonDocument.Parse((await Tool("info", Store, "--usage", "-f", "json")).Output);
        var usage = info.RootElement.GetProperty("usage");
        var root = usage.GetProperty("volumes")[0];
        Assert.Equal(65_536, root.GetProperty("snapshots")[0].GetProperty("exclusive_bytes").GetInt64());
        Assert.Equal(usage.GetProperty("live_bytes").GetInt64(), root.GetProperty("exclusive_bytes").GetInt64());
        Assert.Equal(info.RootElement.GetProperty("allocated_bytes").GetInt64(), usage.GetProperty("live_bytes").GetInt64() + usage.GetProperty("dead_bytes").GetInt64());
        var told = (await Tool("info", Store, "--usage")).Output;
        Assert.Contains("root@kept\t64 KiB exclusive", told, StringComparison.Ordinal);
        Assert.DoesNotContain("live", (await Tool("info", Store)).Output, StringComparison.Ordinal);
        Assert.Equal(0, (await Tool("check", Store)).ExitCode);
        Assert.Equal(0, (await Tool("snapshot", "delete", Store, "root", "kept")).ExitCode);
        Assert.Equal(3, (await Tool("snapshot", "delete", Store, "root", "kept")).ExitCode);
        Assert.Equal(0, (await Tool("delete", Store, "root")).ExitCode);
    }

    [Fact]
    public async Task An_encrypted_volume_is_served_with_its_key_alone_and_checked_without()
    {
        var (key, other) = (Path.Combine(_directory.Path, "key.pem"), Path.Combine(_directory.Path, "other.pem"));
        foreach (var path in (string[])[key, other])
        {
            await ClientProgram.Run("openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", path);
        }

        Assert.Equal(2, (await Tool("create", Store, "ledger", "--size", "32M", "--key-file", Store)).ExitCode);
        Assert.Equal(0, (await Tool("create", Store, "ledger", "--size", "32M", "--key-file", key)).ExitCode);
        await using (var served = await Export("ledger", "--listen", "127.0.0.1:0", "--key-file", key))
        {
            await ClientProgram.Run("qemu-io", "-f", "raw", "-c", "write -P 0x5a 4096 65536", "-c", "flush", served.Uri);
            Assert.Equal(0, await served.StopAsync());
        }

        var block = new byte[512];
        Array.Fill(block, (byte)0x5a);
        Assert.All(Directory.GetFiles(Store), path => Assert.Equal(-1, File.ReadAllBytes(path).AsSpan().IndexOf(block)));
        await using (var served = await Export("ledger", "--read-only", "--listen", "127.0.0.1:0", "--key-file", key))
        {
            await ClientProgram.Run("qemu-io", "-r", "-f", "raw", "-c", "read -P 0x5a 4096 65536", served.Uri);
            Assert.Equal(0, await served.StopAsync());
        }

        foreach (var arguments in (string[][])[[], ["--read-only"], ["--key-file", other]])
        {
            var (exitCode, _, errors) = await Tool(["export", Store, "ledger", "--listen", "127.0.0.1:0", .. arguments]);
            Assert.Equal(4, exitCode);
            Assert.Contains("encrypted with key", errors, StringComparison.Ordinal);
        }

        Assert.Equal(0, (await Tool("check", Store)).ExitCode);
        Assert.Equal(0, (await Tool("delete", Store, "ledger")).ExitCode);
    }

    [Fact]
    public async Task The_checker_names_the_bad_range_of_a_store_that_was_killed_and_changes_no_file()
    {
        Assert.Equal(0, (await Tool("create", Store, "root", "--size", "32M")).ExitCode);
        await using (var served = await Export("root", "--listen", "127.0.0.1:0"))
        {
            await ClientProgram.Run("qemu-io", "-f", "raw", "-c", "write -P 7 0 1M", "-c", "flush", served.Uri);
            served.Kill();
        }

        Assert.Equal(0, (await Tool("check", Store)).ExitCode);
        var segment = Directory.GetFiles(Store, "*.segment")[0];
        var bytes = await File.ReadAllBytesAsync(segment, TestContext.Current.CancellationToken);
        var at = 4096 * Enumerable.Range(0, bytes.Length / 4096).Last(block => bytes[block * 4096] == 7 && bytes[(block * 4096) + 4095] == 7);
        bytes[at + 100] ^= 4;
        await File.WriteAllBytesAsync(segment, bytes, TestContext.Current.CancellationToken);
        var before = Directory.GetFiles(Store).ToDictionary(file => file, File.GetLastWriteTimeUtc);

        var (exitCode, output, errors) = await Tool("check", Store, "-f", "json");
        Assert.Equal(1, exitCode);
        Assert.Contains("verifying live blocks", errors, StringComparison.Ordinal);
        using var report = JsonDocument.Parse(output);
        var finding = Assert.Single(report.RootElement.GetProperty("findings").EnumerateArray().ToList());
        Assert.Equal("data", finding.GetProperty("kind").GetString());
        Assert.Equal((1 << 20) - 4096, finding.GetProperty("offset_bytes").GetInt64());
        Assert.Equal(4096, finding.GetProperty("length_bytes").GetInt64());
        Assert.Equal(Path.GetFileName(segment), finding.GetProperty("file").GetString());
        Assert.Equal(at, finding.GetProperty("file_offset_bytes").GetInt64());
        Assert.Equal(before, Directory.GetFiles(Store).ToDictionary(file => file, File.GetLastWriteTimeUtc));

        await using (var served = await Export("root", "--listen", "127.0.0.1:0"))
        {
            // The range alone is bad: what is before it can be read.
            await ClientProgram.Run("qemu-io", "-r", "-f", "raw", "-c", $"read -P 7 0 {(1 << 20) - 4096}", served.Uri);
            Assert.NotEqual(0, (await ClientProgram.Try("qemu-io", "-r", "-f", "raw", "-c", $"read {(1 << 20) - 4096} 4096", served.Uri)).ExitCode);
        }
    }

    [Fact]
    public async Task Bad_input_is_named_with_what_to_do_and_harms_nothing()
    {
        Assert.Equal(0, (await Tool("create", Store, "root", "--size", "32M")).ExitCode);
        var precious = Path.Combine(_directory.Path, "precious");
        await File.WriteAllTextAsync(precious, "kept", TestContext.Current.CancellationToken);
        await Refused(1, "no socket; move it away", "export", Store, "root", "--unix", precious);
        Assert.Equal("kept", await File.ReadAllTextAsync(precious, TestContext.Current.CancellationToken));
        await Refused(2, "1 to 107 bytes", "export", Store, "root", "--unix", Path.Combine(_directory.Path, new string('x', 120)));
        await Refused(1, "203.0.113.7:1", "export", Store, "root", "--listen", "203.0.113.7:1");
        await Refused(2, "cannot be read", "export", Store, "root", "--key-file", Path.Combine(_directory.Path, "none.pem"));
        await Refused(2, "skerry-blocks snapshot create lacks NAME and SNAPSHOT.", "snapshot", "create", Store);
        await Refused(1, "Name a directory", "create", precious, "root", "--size", "32M");

        var second = Path.Combine(_directory.Path, "second");
        Assert.Equal(0, (await Tool("create", second, "root", "--size", "32M")).ExitCode);
        await using var served = await Export("root", "--listen", "127.0.0.1:0");
        await Refused(4, "in use by another process", "snapshot", "create", Store, "root", "kept");
        await Refused(1, "Choose another address with --listen", "export", "--read-only", second, "root", "--listen", new Uri(served.Uri).Authority);
        Assert.Equal(0, await served.StopAsync());
    }

    private static async Task Refused(int exitCode, string told, params string[] arguments)
    {
        var run = await Tool(arguments);
        Assert.Contains(told, run.Errors, StringComparison.Ordinal);
        Assert.Equal(exitCode, run.ExitCode);
        Assert.DoesNotContain("   at ", run.Errors, StringComparison.Ordinal);
    }

    private static Task<(int ExitCode, string Output, string Errors)> Tool(params string[] arguments) =>
        ClientProgram.Try("dotnet", [Program, .. arguments]);

    private static string Program => Path.Combine(AppContext.BaseDirectory, "skerry-blocks.dll");

    private async Task<Serving> Export(params string[] arguments)
    {
        var process = ClientProgram.Start("dotnet", [Program, "export", Store, .. arguments]);
        var line = await process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken);
        if (line is null)
        {
            Assert.Fail(await process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken));
        }

        return new Serving(process, line);
    }

    private sealed class Serving(Process process, string uri) : IAsyncDisposable
    {
        public string Uri => uri;

        public async Task<int> StopAsync()
        {
            await ClientProgram.Run("sh", "-c", $"kill -TERM {process.Id}");
            await ClientProgram.End(process, TimeSpan.FromSeconds(20));
            return process.ExitCode;
        }

        public void Kill() => process.Kill();

        public async ValueTask DisposeAsync()
        {
            if (!process.HasExited)
            {
                process.Kill();
            }

            await process.WaitForExitAsync();
            process.Dispose();
        }
    }
}
