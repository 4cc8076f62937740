using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;

namespace Skerry.Blocks.Tests.Nbd;

/// <summary>The programs that people use, over a disk in memory and over a volume of the block store.</summary>
public sealed class RealClientTests : IAsyncDisposable
{
    private const int Mebi = 1 << 20;
    private const int DiskBytes = 64 * Mebi;

    private readonly string _folder = Directory.CreateTempSubdirectory("skerry-nbd-clients").FullName;
    private BlockStore? _store;

    public static TheoryData<string, string> Disks => new() { { "memory", "tcp" }, { "volume", "tcp" }, { "volume", "unix" } };

    public async ValueTask DisposeAsync()
    {
        if (_store is not null)
        {
            await _store.DisposeAsync();
        }

        Directory.Delete(_folder, recursive: true);
    }

    [Theory]
    [MemberData(nameof(Disks))]
    public async Task Nbdinfo_sees_the_size_and_every_ability(string disk, string transport)
    {
        await using Served served = await Serve(disk, transport);

        using JsonDocument info = JsonDocument.Parse(await ClientProgram.Run("nbdinfo", "--json", served.Uri));

        Assert.Equal("newstyle-fixed", info.RootElement.GetProperty("protocol").GetString());
        Assert.True(info.RootElement.GetProperty("structured").GetBoolean());
        JsonElement export = info.RootElement.GetProperty("exports")[0];
        Assert.Equal(DiskBytes, export.GetProperty("export-size").GetInt64());
        Assert.Equal("a disk for tests", export.GetProperty("description").GetString());
        Assert.Equal("base:allocation", export.GetProperty("contexts")[0].GetString());
        Assert.Equal(4096, export.GetProperty("block_size_preferred").GetInt32());
        Assert.Equal(32 * Mebi, export.GetProperty("block_size_maximum").GetInt32());
        Assert.False(export.GetProperty("is_read_only").GetBoolean());
        foreach (string ability in new[] { "can_cache", "can_df", "can_fast_zero", "can_flush", "can_fua", "can_multi_conn", "can_trim", "can_zero" })
        {
            Assert.True(export.GetProperty(ability).GetBoolean(), ability);
        }
    }

    [Theory]
    [MemberData(nameof(Disks))]
    public async Task Nbdinfo_tells_the_size_and_lists_what_may_be_listed(string disk, string transport)
    {
        await using Served served = await Serve(disk, transport, isListed: true);

        Assert.Equal($"{DiskBytes}\n", await ClientProgram.Run("nbdinfo", "--size", served.Uri));
        using JsonDocument list = JsonDocument.Parse(await ClientProgram.Run("nbdinfo", "--json", "--list", served.Uri));
        JsonElement export = Assert.Single(list.RootElement.GetProperty("exports").EnumerateArray());
        Assert.Equal(Served.ExportName, export.GetProperty("export-name").GetString());
        Assert.Equal(DiskBytes, export.GetProperty("export-size").GetInt64());
    }

    [Fact]
    public async Task An_unknown_export_is_refused_with_a_reason_and_none_are_listed()
    {
        await using Served served = await Serve("memory", "tcp");

        (int exitCode, _, string errors) = await ClientProgram.Try("qemu-img", "info", "-f", "raw", served.Uri + "-guess");
        Assert.NotEqual(0, exitCode);
        Assert.Contains("No such export", errors, StringComparison.Ordinal);
        (exitCode, _, errors) = await ClientProgram.Try("nbdinfo", served.Uri + "-guess");
        Assert.NotEqual(0, exitCode);
        Assert.Contains("server replied with error", errors, StringComparison.Ordinal);

        using JsonDocument list = JsonDocument.Parse(await ClientProgram.Run("nbdinfo", "--json", "--list", served.Uri));
        Assert.Equal(0, list.RootElement.GetProperty("exports").GetArrayLength());
    }

    [Theory]
    [MemberData(nameof(Disks))]
    public async Task Nbdcopy_copies_in_and_out_and_the_map_stays_thin(string disk, string transport)
    {
        await using Served served = await Serve(disk, transport);
        string source = await MakeSparseFile();
        string copy = Path.Combine(_folder, "copy");

        await ClientProgram.Run("nbdcopy", "--flush", source, served.Uri);
        await ClientProgram.Run("nbdcopy", served.Uri, copy);

        await AssertSameFile(source, copy);
        using JsonDocument map = JsonDocument.Parse(await ClientProgram.Run("nbdinfo", "--json", "--map", served.Uri));
        JsonElement[] extents = [.. map.RootElement.EnumerateArray()];
        Assert.Equal(DiskBytes, extents.Sum(e => e.GetProperty("length").GetInt64()));
        Assert.InRange(extents.Where(e => e.GetProperty("type").GetInt32() == 0).Sum(e => e.GetProperty("length").GetInt64()), 9 * Mebi, 20 * Mebi);
    }

    [Theory]
    [MemberData(nameof(Disks))]
    public async Task Qemu_img_converts_in_and_out_and_compares_equal(string disk, string transport)
    {
        await using Served served = await Serve(disk, transport);
        string source = await MakeSparseFile();
        string copy = Path.Combine(_folder, "copy.qcow2");

        Assert.Contains("virtual size: 64 MiB", await ClientProgram.Run("qemu-img", "info", "-f", "raw", served.Uri), StringComparison.Ordinal);
        await ClientProgram.Run("qemu-img", "convert", "-n", "-f", "raw", "-O", "raw", source, served.Uri);
        await ClientProgram.Run("qemu-img", "compare", "-f", "raw", "-F", "raw", source, served.Uri);
        await ClientProgram.Run("qemu-img", "convert", "-f", "raw", "-O", "qcow2", served.Uri, copy);
        await ClientProgram.Run("qemu-img", "compare", "-f", "raw", "-F", "qcow2", source, copy);

        // Both programs see the same, and everything that is data in the source is data here.
        using JsonDocument map = JsonDocument.Parse(await ClientProgram.Run("qemu-img", "map", "--output=json", "-f", "raw", served.Uri));
        using JsonDocument nbdinfo = JsonDocument.Parse(await ClientProgram.Run("nbdinfo", "--json", "--map", served.Uri));
        List<(long Start, long End)> data = Stretches(map, "start", e => e.GetProperty("data").GetBoolean());
        Assert.Equal(Stretches(nbdinfo, "offset", e => e.GetProperty("type").GetInt32() == 0), data);
        using JsonDocument local = JsonDocument.Parse(await ClientProgram.Run("qemu-img", "map", "--output=json", "-f", "raw", source));
        Assert.All(
            Stretches(local, "start", e => e.GetProperty("data").GetBoolean()),
            there => Assert.Contains(data, here => here.Start <= there.Start && here.End >= there.End));
    }

    [Theory]
    [MemberData(nameof(Disks))]
    public async Task Qemu_io_writes_zeroes_discards_and_verifies(string disk, string transport)
    {
        await using Served served = await Serve(disk, transport);

        string output = await ClientProgram.Run(
            "qemu-io",
            "-f", "raw", "-t", "writeback", "-d", "unmap",
            "-c", "write -P 0xab 0 1M",
            "-c", "write -f -P 0xcd 4096 512",
            "-c", "write -z 65536 65536",
            "-c", "write -z -u 131072 65536",
            "-c", "write -z -n -u 327680 65536",
            "-c", "write -z -f 393216 512",
            "-c", "discard 262144 65536",
            "-c", "flush",
            "-c", "read -P 0xab 0 4096",
            "-c", "read -P 0xcd 4096 512",
            "-c", "read -P 0xab 4608 60928",
            "-c", "read -P 0 65536 131072",
            "-c", "read -P 0xab 196608 65536",
            "-c", "read -P 0 262144 65536",
            "-c", "read -P 0 327680 66048",
            "-c", "read -P 0xab 393728 654848",
            served.Uri);

        Assert.DoesNotContain("fail", output, StringComparison.OrdinalIgnoreCase);
        Assert.Equal(8, output.Split("read ").Length - 1);
        Assert.Empty(served.Faults);
    }

    [Theory]
    [InlineData("memory", "tcp", "randrw", "4k-4k")]
    [InlineData("volume", "tcp", "randrw", "4k-4k")]
    [InlineData("volume", "unix", "randrw", "512-16k")]
    [InlineData("volume", "tcp", "rw", "256k-256k")]
    [InlineData("volume", "unix", "randtrimwrite", "4k-4k")]
    public async Task Fio_verifies_what_it_wrote(string disk, string transport, string pattern, string blockSizes)
    {
        Assert.Contains("nbd", await ClientProgram.Run("fio", "--enghelp"), StringComparison.Ordinal);
        await using Served served = await Serve(disk, transport);

        string output = await ClientProgram.Run(
            "fio",
            "--name=verify", "--ioengine=nbd", $"--uri={served.Uri}", $"--rw={pattern}", $"--bsrange={blockSizes}", "--iodepth=32", "--size=24m",
            "--fsync=64", "--verify=crc32c", "--verify_fatal=1", "--randseed=7", "--output-format=json");

        using JsonDocument report = JsonDocument.Parse(output[output.IndexOf('{', StringComparison.Ordinal)..]);
        JsonElement job = report.RootElement.GetProperty("jobs")[0];
        Assert.Equal(0, job.GetProperty("error").GetInt32());
        Assert.InRange(job.GetProperty("read").GetProperty("io_bytes").GetInt64(), job.GetProperty("write").GetProperty("io_bytes").GetInt64(), long.MaxValue);
        Assert.Empty(served.Faults);
    }

    [Theory]
    [InlineData("tcp")]
    [InlineData("unix")]
    public async Task Nbdfuse_shows_the_disk_as_a_file_that_holds_a_file_system(string transport)
    {
        Assert.SkipUnless(File.Exists("/dev/fuse"), "this machine has no /dev/fuse");
        await using Served served = await Serve("volume", transport);
        string source = await MakeSparseFile();
        await ClientProgram.Run("nbdcopy", source, served.Uri);
        string folder = Directory.CreateDirectory(Path.Combine(_folder, "files")).FullName;
        File.Move(await MakeSmallFile(), Path.Combine(folder, "file"));

        await WithNbdfuse(served.Uri, async file =>
        {
            await AssertSameFile(source, file);
            await ClientProgram.Run("mke2fs", "-q", "-F", "-t", "ext4", "-d", folder, file);
        });

        // What the next one finds has been at the server in between.
        await WithNbdfuse(served.Uri, async file =>
        {
            await ClientProgram.Run("e2fsck", "-fn", file);
            string copy = Path.Combine(_folder, "out");
            await ClientProgram.Run("debugfs", "-R", $"dump /file {copy}", file);
            await AssertSameFile(Path.Combine(folder, "file"), copy);
        });
        Assert.Empty(served.Faults);
    }

    private async Task WithNbdfuse(string uri, Func<string, Task> use)
    {
        string mountPoint = Directory.CreateDirectory(Path.Combine(_folder, "mnt")).FullName;
        string file = Path.Combine(mountPoint, "nbd");
        using Process nbdfuse = ClientProgram.Start("nbdfuse", mountPoint, uri);
        try
        {
            for (int tries = 0; !File.Exists(file) && !nbdfuse.HasExited && tries < 500; tries++)
            {
                await Task.Delay(10);
            }

            Assert.SkipWhen(nbdfuse.HasExited, $"nbdfuse may not mount here: {(nbdfuse.HasExited ? await nbdfuse.StandardError.ReadToEndAsync() : "")}");
            await use(file);
        }
        finally
        {
            await ClientProgram.Try("fusermount3", "-u", mountPoint);
            await ClientProgram.End(nbdfuse, TimeSpan.FromSeconds(10));
        }
    }

    /// <summary>Neighbours joined; where each begins and ends.</summary>
    private static List<(long Start, long End)> Stretches(JsonDocument map, string offset, Func<JsonElement, bool> isData)
    {
        List<(long Start, long End)> stretches = [];
        foreach (JsonElement extent in map.RootElement.EnumerateArray().Where(isData))
        {
            long start = extent.GetProperty(offset).GetInt64();
            long end = start + extent.GetProperty("length").GetInt64();
            if (stretches.Count > 0 && stretches[^1].End == start)
            {
                stretches[^1] = (stretches[^1].Start, end);
            }
            else
            {
                stretches.Add((start, end));
            }
        }

        return stretches;
    }

    private static async Task AssertSameFile(string expected, string actual)
    {
        (int exitCode, string output, string errors) = await ClientProgram.Try("cmp", expected, actual);
        Assert.True(exitCode == 0, output + errors);
    }

    private async Task<Served> Serve(string disk, string transport, bool isListed = false)
    {
        EndPoint? endPoint = transport == "unix" ? new UnixDomainSocketEndPoint(Path.Combine(_folder, "nbd.sock")) : null;
        if (disk == "memory")
        {
            return await Served.Start(new MemoryDevice(DiskBytes), endPoint: endPoint, isListed: isListed);
        }

        _store = await BlockStore.OpenAsync(new BlockStoreOptions { Directory = Path.Combine(_folder, "store"), SegmentBytes = 4 * Mebi }, CancellationToken.None);
        BlockVolume volume = await _store.CreateAsync("v", DiskBytes, CancellationToken.None);
        await volume.BeginRunAsync(1, CancellationToken.None);
        return await Served.Start(volume, endPoint: endPoint, isListed: isListed);
    }

    private async Task<string> MakeSmallFile()
    {
        string path = Path.Combine(_folder, "small");
        byte[] data = new byte[(3 * Mebi) + 17];
        new Random(12).NextBytes(data);
        await File.WriteAllBytesAsync(path, data);
        return path;
    }

    /// <summary>Data, holes and zeroes, in stretches of no round size.</summary>
    private async Task<string> MakeSparseFile()
    {
        string path = Path.Combine(_folder, "source");
        await using FileStream file = new(path, FileMode.Create);
        file.SetLength(DiskBytes);
        Random random = new(11);
        for (int i = 0; i < 10; i++)
        {
            byte[] data = new byte[Mebi + random.Next(5000)];
            random.NextBytes(data);
            file.Position = (i * 6L * Mebi) + random.Next(Mebi);
            await file.WriteAsync(data);
        }

        return path;
    }
}
