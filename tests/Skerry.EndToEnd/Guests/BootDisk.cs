using System.Buffers.Binary;
using Skerry.TestKit.Files;
using Skerry.TestKit.Processes;

namespace Skerry.EndToEnd.Guests;

/// <summary>
/// A disk image that boots by itself: boot loader, kernel and initramfs in a FAT partition, and behind it the system, busybox with
/// SQLite and the tools for ext4 and xfs, on ext4. Made once for all tests, without mounting anything.
/// </summary>
public sealed class BootDisk : IAsyncLifetime
{
    private const int Mebi = 1 << 20, FatAt = Mebi, FatBytes = 32 * Mebi, RootAt = FatAt + FatBytes, RootBytes = 32 * Mebi;
    private readonly TemporaryDirectory _files = new();

    public const long SizeBytes = RootAt + RootBytes;

    public string ImagePath => _files.File("boot.img");

    public async ValueTask InitializeAsync()
    {
        foreach (var program in new[] { "qemu-system-x86_64", "syslinux", "mformat", "mcopy", "busybox", "cpio", "sqlite3", "mke2fs", "e2fsck", "mkfs.xfs", "xfs_repair" })
        {
            Assert.True(ProgramRun.Exists(program), $"{program} is missing: run make setup");
        }

        var kernel = GuestKernel.Find();
        await MakePartitionsAsync();
        await RunAsync("mformat", "-i", FatImage, "-H", $"{FatAt / 512}", "-T", $"{FatBytes / 512}", "-h", "255", "-s", "63", "::");
        await RunAsync("mcopy", "-i", FatImage, kernel.ImagePath, "::vmlinuz");
        await RunAsync("mcopy", "-i", FatImage, await MakeInitramfsAsync(kernel), "::initrd.gz");
        await RunAsync("mcopy", "-i", FatImage, Script("syslinux.cfg"), "::syslinux.cfg");
        await RunAsync("syslinux", "--offset", $"{FatAt}", "--install", ImagePath);
        await RunAsync("mke2fs", "-q", "-t", "ext4", "-d", await MakeRootAsync(), "-E", $"offset={RootAt}", ImagePath, $"{RootBytes / 1024}k");
    }

    public ValueTask DisposeAsync()
    {
        _files.Dispose();
        return ValueTask.CompletedTask;
    }

    private string FatImage => $"{ImagePath}@@{FatAt}";

    /// <summary>A DOS partition table behind the code that starts the active partition.</summary>
    private async Task MakePartitionsAsync()
    {
        var sector = new byte[512];
        (await File.ReadAllBytesAsync("/usr/lib/syslinux/mbr/mbr.bin")).CopyTo(sector, 0);
        Partition(sector.AsSpan(446), isActive: true, type: 0x0e, FatAt, FatBytes);
        Partition(sector.AsSpan(462), isActive: false, type: 0x83, RootAt, RootBytes);
        BinaryPrimitives.WriteUInt16LittleEndian(sector.AsSpan(510), 0xaa55);
        await using var image = File.Create(ImagePath);
        image.SetLength(SizeBytes);
        await image.WriteAsync(sector);
    }

    private static void Partition(Span<byte> entry, bool isActive, byte type, int offsetBytes, int lengthBytes)
    {
        // Cylinders, heads and sectors beyond what they can say: the loader goes by the numbers behind them.
        (entry[0], entry[4]) = (isActive ? (byte)0x80 : (byte)0, type);
        entry[1..4].Fill(0xfe);
        entry[5..8].Fill(0xfe);
        BinaryPrimitives.WriteInt32LittleEndian(entry[8..], offsetBytes / 512);
        BinaryPrimitives.WriteInt32LittleEndian(entry[12..], lengthBytes / 512);
    }

    private async Task<string> MakeInitramfsAsync(GuestKernel kernel)
    {
        var files = new FolderOfPrograms(_files.File("initramfs"), "bin", "dev", "proc", "root", "modules");
        await files.AddProgramAsync("busybox", "bin");
        files.AddScript(Script("initramfs-init"), "init");
        var modules = kernel.WithDependencies("virtio_pci", "virtio_blk", "xfs");
        modules.ToList().ForEach(module => File.Copy(module, files.PathOf("modules", Path.GetFileName(module))));
        await File.WriteAllLinesAsync(files.PathOf("modules", "order"), modules.Select(module => Path.GetFileName(module)!));
        var archive = _files.File("initrd.gz");
        await RunAsync("sh", "-c", "cd \"$1\" && find . | cpio --create --format=newc --quiet | gzip -1 > \"$2\"", "sh", files.Directory, archive);
        return archive;
    }

    private async Task<string> MakeRootAsync()
    {
        var files = new FolderOfPrograms(_files.File("root"), "bin", "dev", "mnt", "proc", "programs", "sbin", "tmp");
        await files.AddProgramAsync("busybox", "bin");
        foreach (var program in new[] { "sqlite3", "mkfs.ext4", "e2fsck", "mkfs.xfs", "xfs_repair" })
        {
            await files.AddProgramAsync(program, "programs");
        }

        files.AddScript(Script("init"), "sbin/init");
        foreach (var script in new[] { "prepare", "load", "check" })
        {
            files.AddScript(Script(script), $"programs/{script}");
        }

        return files.Directory;
    }

    private static string Script(string name) => Path.Combine(AppContext.BaseDirectory, "Guests", "Scripts", name);

    private static async Task RunAsync(string program, params string[] arguments) =>
        (await ProgramRun.RunAsync(program, arguments, TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken)).Require();
}
