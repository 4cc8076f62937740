using System.Diagnostics;
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

    public static TheoryData<string> Disks => ["memory", "volume"];

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
    public async Task Nbdinfo_sees_the_size_and_every_ability(string disk)
    {
        await using Served served = await Serve(disk);

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

    [Fact]
    public async Task An_unknown_export_is_refused_with_a_reason_and_none_are_listed()
    {
        await using Served served = await Serve("memory");

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
    public async Task Nbdcopy_copies_in_and_out_and_the_map_stays_thin(string disk)
    {
        await using Served served = await Serve(disk);
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
    public async Task Qemu_img_converts_in_and_out_and_compares_equal(string disk)
    {
        await using Served served = await Serve(disk);
        string source = await MakeSparseFile();
        string copy = Path.Combine(_folder, "copy.qcow2");

        Assert.Contains("virtual size: 64 MiB", await ClientProgram.Run("qemu-img", "info", "-f", "raw", served.Uri), StringComparison.Ordinal);
        await ClientProgram.Run("qemu-img", "convert", "-n", "-f", "raw", "-O", "raw", source, served.Uri);
        await ClientProgram.Run("qemu-img", "compare", "-f", "raw", "-F", "raw", source, served.Uri);
        await ClientProgram.Run("qemu-img", "convert", "-f", "raw", "-O", "qcow2", served.Uri, copy);
        await ClientProgram.Run("qemu-img", "compare", "-f", "raw", "-F", "qcow2", source, copy);
        await ClientProgram.Run("qemu-img", "map", "--output=json", "-f", "raw", served.Uri);
    }

    [Theory]
    [MemberData(nameof(Disks))]
    public async Task Qemu_io_writes_zeroes_discards_and_verifies(string disk)
    {
        await using Served served = await Serve(disk);

        string output = await ClientProgram.Run(
            "qemu-io",
            "-f", "raw", "-t", "writeback", "-d", "unmap",
            "-c", "write -P 0xab 0 1M",
            "-c", "write -f -P 0xcd 4096 512",
            "-c", "write -z 65536 65536",
            "-c", "write -z -u 131072 65536",
            "-c", "discard 262144 65536",
            "-c", "flush",
            "-c", "read -P 0xab 0 4096",
            "-c", "read -P 0xcd 4096 512",
            "-c", "read -P 0xab 4608 60928",
            "-c", "read -P 0 65536 131072",
            "-c", "read -P 0xab 196608 65536",
            "-c", "read -P 0 262144 65536",
            "-c", "read -P 0xab 327680 720896",
            served.Uri);

        Assert.DoesNotContain("fail", output, StringComparison.OrdinalIgnoreCase);
        Assert.Equal(7, output.Split("read ").Length - 1);
    }

    [Theory]
    [InlineData("memory", "randrw", "4k")]
    [InlineData("volume", "randrw", "4k")]
    [InlineData("volume", "rw", "256k")]
    public async Task Fio_verifies_what_it_wrote(string disk, string pattern, string blockSize)
    {
        ClientProgram.Require("fio");
        Assert.SkipUnless((await ClientProgram.Run("fio", "--enghelp")).Contains("nbd", StringComparison.Ordinal), "this fio has no nbd engine");
        await using Served served = await Serve(disk);

        string output = await ClientProgram.Run(
            "fio",
            "--name=verify", "--ioengine=nbd", $"--uri={served.Uri}", $"--rw={pattern}", $"--bs={blockSize}", "--iodepth=32", "--size=24m",
            "--fsync=64", "--verify=crc32c", "--verify_fatal=1", "--randseed=7", "--output-format=json");

        using JsonDocument report = JsonDocument.Parse(output[output.IndexOf('{', StringComparison.Ordinal)..]);
        Assert.Equal(0, report.RootElement.GetProperty("jobs")[0].GetProperty("error").GetInt32());
        Assert.Empty(served.Faults);
    }

    [Fact]
    public async Task Nbdcopy_works_over_a_unix_socket()
    {
        string socket = Path.Combine(_folder, "nbd.sock");
        await using Served served = await Serve("memory", new UnixDomainSocketEndPoint(socket));
        string source = await MakeSparseFile();
        string copy = Path.Combine(_folder, "copy");
        string uri = $"nbd+unix:///disk?socket={socket}";

        await ClientProgram.Run("nbdcopy", source, uri);
        await ClientProgram.Run("nbdcopy", uri, copy);

        await AssertSameFile(source, copy);
    }

    [Fact]
    public async Task Nbdfuse_shows_the_disk_as_a_file()
    {
        Assert.SkipUnless(File.Exists("/dev/fuse"), "this machine has no /dev/fuse");
        await using Served served = await Serve("volume");
        string source = await MakeSparseFile();
        await ClientProgram.Run("nbdcopy", source, served.Uri);
        string mountPoint = Directory.CreateDirectory(Path.Combine(_folder, "mnt")).FullName;
        string file = Path.Combine(mountPoint, "nbd");

        using Process nbdfuse = ClientProgram.Start("nbdfuse", mountPoint, served.Uri);
        try
        {
            for (int tries = 0; !File.Exists(file) && !nbdfuse.HasExited && tries < 500; tries++)
            {
                await Task.Delay(10);
            }

            Assert.SkipWhen(nbdfuse.HasExited, $"nbdfuse may not mount here: {(nbdfuse.HasExited ? await nbdfuse.StandardError.ReadToEndAsync() : "")}");
            await AssertSameFile(source, file);
        }
        finally
        {
            await ClientProgram.Try("umount", mountPoint);
            await ClientProgram.End(nbdfuse, TimeSpan.FromSeconds(10));
        }
    }

    private static async Task AssertSameFile(string expected, string actual)
    {
        (int exitCode, string output, string errors) = await ClientProgram.Try("cmp", expected, actual);
        Assert.True(exitCode == 0, output + errors);
    }

    private async Task<Served> Serve(string disk, System.Net.EndPoint? endPoint = null)
    {
        if (disk == "memory")
        {
            return await Served.Start(new MemoryDevice(DiskBytes), endPoint: endPoint);
        }

        _store = await BlockStore.OpenAsync(new BlockStoreOptions { Directory = Path.Combine(_folder, "store"), SegmentBytes = 4 * Mebi }, CancellationToken.None);
        BlockVolume volume = await _store.CreateAsync("v", DiskBytes, CancellationToken.None);
        await volume.BeginRunAsync(1, CancellationToken.None);
        return await Served.Start(volume, endPoint: endPoint);
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
