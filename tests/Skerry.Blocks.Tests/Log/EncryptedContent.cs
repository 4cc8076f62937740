using Skerry.Blocks.Encryption;
using Skerry.Blocks.Log;

namespace Skerry.Blocks.Tests.Log;

/// <summary>An encrypted volume with a snapshot and a clone, and seals in the file of sums as well as in the log behind the checkpoint.</summary>
internal sealed class EncryptedContent(string directory)
{
    private const string HolderFile = "holder.pem";

    /// <summary>Of the tests alone.</summary>
    private const string Pem = """
        -----BEGIN PRIVATE KEY-----
        MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg6PmZg8ely8/PhW5n
        drrQ+pbJcGKE4JXKSvzB139xBNqhRANCAATYxoO0AY9Jy5P7kjhz/exTeLaDVtEY
        mA8ryvOoJ8ZN9WW0LTL9JEK5rrKgWhQhstoNCMMPiqEtszarRD8MbHHF
        -----END PRIVATE KEY-----

        """;

    public async Task WriteAsync(CancellationToken cancellationToken)
    {
        using var holder = KeyHolder.FromPem(Pem);
        var store = BlockStore.Open(Options(holder), new DirectoryStorage(directory), background: false);
        var run = new RunStart(1, 0x0123456789ABCDEF, 1);
        var ledger = await store.CreateAsync("ledger", 1 << 20, VolumeKey.Of([.. Enumerable.Range(0, 32).Select(i => (byte)i)]), cancellationToken);
        await ledger.ApplyAsync(run, [Write(1, 0, 4, 0x11), Write(2, 40, 2, 0x22)], cancellationToken);
        await ledger.CreateSnapshotAsync("closed", cancellationToken);
        var plain = await store.CreateAsync("plain", 1 << 20, cancellationToken);
        await plain.ApplyAsync(run, [Write(1, 3, 1, 0x33)], cancellationToken);
        await store.CheckpointAsync();
        await ledger.ApplyAsync(run, [Write(3, 2, 3, 0x44)], cancellationToken);
        await store.CloneAsync("copy", "ledger", "closed", cancellationToken);
        await ledger.FlushAsync(cancellationToken);
        store.Abandon();
        await File.WriteAllTextAsync(Path.Combine(directory, HolderFile), Pem, cancellationToken);
    }

    public async Task RequireAsync(CancellationToken cancellationToken)
    {
        using (var holder = KeyHolder.FromPem(await File.ReadAllTextAsync(Path.Combine(directory, HolderFile), cancellationToken)))
        await using (var store = await BlockStore.OpenAsync(Options(holder), cancellationToken))
        {
            var (ledger, copy, plain) = (store.Find("ledger")!, store.Find("copy")!, store.Find("plain")!);
            Assert.Equal((true, true, false), (ledger.IsEncrypted, copy.IsEncrypted, plain.IsEncrypted));
            await RequireAsync(ledger, "11 11 44 44 44 00", 0, cancellationToken);
            await RequireAsync(ledger, "22 22", 40, cancellationToken);
            await RequireAsync(ledger.OpenSnapshot("closed"), "11 11 11 11 00", 0, cancellationToken);
            await RequireAsync(copy, "11 11 11 11 00", 0, cancellationToken);
            await RequireAsync(plain, "00 00 00 33 00", 0, cancellationToken);
        }

        await using (var without = await BlockStore.OpenAsync(Options(null), cancellationToken))
        {
            Assert.True(without.Find("ledger")!.IsLocked && without.Find("copy")!.IsLocked);
            await RequireAsync(without.Find("plain")!, "00 00 00 33 00", 0, cancellationToken);
        }

        // Encrypted means that it is nowhere in the files.
        var clear = new byte[512];
        Array.Fill(clear, (byte)0x11);
        Assert.All(Directory.GetFiles(directory), path => Assert.Equal(-1, File.ReadAllBytes(path).AsSpan().IndexOf(clear)));
    }

    private BlockStoreOptions Options(KeyHolder? holder) =>
        new() { Directory = directory, SegmentBytes = 256 << 10, CheckpointBytes = 256 << 10, KeyHolder = holder };

    private static NumberedWrite Write(long number, int block, int count, byte stamp)
    {
        var data = new byte[count * 4096];
        Array.Fill(data, stamp);
        return new NumberedWrite(number, block * 4096L, data.Length, data, WriteKind.Data);
    }

    private static async Task RequireAsync(IBlockDevice device, string stamps, int firstBlock, CancellationToken cancellationToken)
    {
        foreach (var (index, stamp) in stamps.Split(' ').Index())
        {
            var read = new byte[4096];
            await device.ReadAsync((firstBlock + index) * 4096L, read, cancellationToken);
            Assert.Equal(-1, read.AsSpan().IndexOfAnyExcept(Convert.ToByte(stamp, 16)));
        }
    }
}
