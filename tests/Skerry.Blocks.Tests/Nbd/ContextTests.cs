using System.Text.Json;
using Skerry.Blocks.Nbd;

namespace Skerry.Blocks.Tests.Nbd;

/// <summary>What differs since a snapshot, as clients that copy only changes ask for it.</summary>
public sealed class ContextTests : IAsyncDisposable
{
    private const int Mebi = 1 << 20;
    private const int DiskBytes = 64 * Mebi;
    private const uint Structured = 8, ListContexts = 9, SetContexts = 10, Go = 7;
    private const string Bitmap = "qemu:dirty-bitmap:";

    private static readonly CancellationToken None = CancellationToken.None;
    private readonly string _folder = Directory.CreateTempSubdirectory("skerry-nbd-contexts").FullName;
    private BlockStore _store = null!;

    public async ValueTask DisposeAsync()
    {
        await _store.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task Bitmaps_are_listed_by_name_by_namespace_and_by_kind()
    {
        BlockVolume volume = await MakeVolume();
        await volume.CreateSnapshotAsync("monday", None);
        await volume.CreateSnapshotAsync("tuesday", None);
        await volume.CreateSnapshotAsync("internal", None);
        await using Served served = await Served.Start(volume, dirtyBitmaps: new SnapshotBitmaps(volume, null, id => id != "internal"));
        using RawClient client = RawClient.Greet(served.Server.LocalEndPoint);
        client.Option(Structured, []);

        string[] bitmaps = [$"{Bitmap}monday", $"{Bitmap}tuesday"];
        Assert.Equal(["base:allocation", .. bitmaps], Names(client.Option(ListContexts, RawClient.Contexts("disk"))));
        Assert.Equal(bitmaps, Names(client.Option(ListContexts, RawClient.Contexts("disk", "qemu:"))));
        Assert.Equal(bitmaps, Names(client.Option(ListContexts, RawClient.Contexts("disk", Bitmap))));
        Assert.Equal([bitmaps[1]], Names(client.Option(ListContexts, RawClient.Contexts("disk", bitmaps[1]))));
        Assert.Equal(["base:allocation"], Names(client.Option(ListContexts, RawClient.Contexts("disk", "base:"))));
        Assert.Empty(Names(client.Option(ListContexts, RawClient.Contexts("disk", $"{Bitmap}internal", "qemu:allocation-depth"))));

        // A wildcard lists but does not select.
        Assert.Empty(Names(client.Option(SetContexts, RawClient.Contexts("disk", "qemu:", Bitmap, "base:"))));
    }

    [Fact]
    public async Task Several_contexts_are_answered_together_each_under_its_id()
    {
        BlockVolume volume = await MakeVolume();
        await Write(volume, 0, Mebi);
        await volume.CreateSnapshotAsync("monday", None);
        await Write(volume, Mebi / 2, Mebi);
        await volume.CreateSnapshotAsync("tuesday", None);
        await Write(volume, 8 * Mebi, 4096);
        await volume.TrimAsync(0, 4096, WriteOptions.None, None);
        await using Served served = await Served.Start(volume, dirtyBitmaps: new SnapshotBitmaps(volume));
        using RawClient client = RawClient.Greet(served.Server.LocalEndPoint);
        client.Option(Structured, []);
        List<(uint Kind, byte[] Data)> selected =
            client.Option(SetContexts, RawClient.Contexts("disk", $"{Bitmap}tuesday", "base:allocation", $"{Bitmap}monday", $"{Bitmap}never"));
        uint[] ids = [.. selected[..^1].Select(reply => System.Buffers.Binary.BinaryPrimitives.ReadUInt32BigEndian(reply.Data))];
        Dictionary<string, uint> idOf = Names(selected).Zip(ids).ToDictionary(pair => pair.First, pair => pair.Second, StringComparer.Ordinal);
        Assert.Equal(3, idOf.Values.Distinct().Count());
        client.Option(Go, RawClient.Info("disk"));

        RawReply reply = client.Do(RawClient.BlockStatus, 0, 16 * Mebi);

        Assert.Equal(0u, reply.Error);
        Assert.Equal(3, reply.Chunks.Count);
        Assert.Equal(
            [(4096u, 3u), (3 * Mebi / 2 - 4096, 0u), (13 * Mebi / 2, 3u), (4096u, 0u), (8 * Mebi - 4096, 3u)],
            reply.ExtentsOf(idOf["base:allocation"]));
        Assert.Equal(
            [(4096u, 1u), (Mebi / 2 - 4096, 0u), (Mebi, 1u), (13 * Mebi / 2, 0u), (4096u, 1u), (8 * Mebi - 4096, 0u)],
            reply.ExtentsOf(idOf[$"{Bitmap}monday"]));
        Assert.Equal(
            [(4096u, 1u), (8 * Mebi - 4096, 0u), (4096u, 1u), (8 * Mebi - 4096, 0u)],
            reply.ExtentsOf(idOf[$"{Bitmap}tuesday"]));

        RawReply one = client.Do(RawClient.BlockStatus, Mebi + 512, 9 * Mebi, RawClient.ReqOne);
        Assert.Equal([(Mebi / 2 - 512, 1u)], one.ExtentsOf(idOf[$"{Bitmap}monday"]));
        Assert.Equal([(7 * Mebi - 512, 0u)], one.ExtentsOf(idOf[$"{Bitmap}tuesday"]));
    }

    [Fact]
    public async Task Every_part_of_the_disk_is_told_alike_whatever_range_is_asked_for()
    {
        int seed = Random.Shared.Next();
        TestContext.Current.TestOutputHelper!.WriteLine($"seed {seed}");
        Random random = new(seed);
        BlockVolume volume = await MakeVolume();
        for (int i = 0; i < 50; i++)
        {
            await Write(volume, random.Next(DiskBytes / 4096 - 16) * 4096, random.Next(1, 16) * 4096);
        }

        await volume.CreateSnapshotAsync("base", None);
        byte[] before = await Content(volume.OpenSnapshot("base"));
        for (int i = 0; i < 60; i++)
        {
            await Write(volume, random.Next(DiskBytes / 4096 - 8) * 4096, random.Next(1, 8) * 4096);
        }

        await volume.WriteZeroesAsync(random.Next(DiskBytes / 2), random.Next(1, 5 * Mebi), WriteOptions.None, None);
        byte[] after = await Content(volume);
        await using Served served = await Served.Start(volume, dirtyBitmaps: new SnapshotBitmaps(volume));
        using RawClient client = RawClient.Greet(served.Server.LocalEndPoint);
        client.Option(Structured, []);
        uint id = System.Buffers.Binary.BinaryPrimitives.ReadUInt32BigEndian(client.Option(SetContexts, RawClient.Contexts("disk", $"{Bitmap}base"))[0].Data);
        client.Option(Go, RawClient.Info("disk"));

        bool[] whole = Flags(client, id, 0, DiskBytes);
        for (int block = 0; block < whole.Length; block++)
        {
            bool differs = !before.AsSpan(block * 4096, 4096).SequenceEqual(after.AsSpan(block * 4096, 4096));
            Assert.True(whole[block] || !differs, $"block {block} differs and is called clean");
        }

        Assert.InRange(whole.Count(dirty => dirty), 1, (60 * 8) + (5 * Mebi / 4096) + 1);
        for (int i = 0; i < 200; i++)
        {
            int from = random.Next(whole.Length);
            int count = random.Next(1, whole.Length - from + 1);
            Assert.Equal(whole.AsSpan(from, count).ToArray(), Flags(client, id, from * 4096L, count * 4096L));
        }
    }

    [Fact]
    public async Task A_snapshot_from_another_line_of_history_is_told_whole()
    {
        BlockVolume volume = await MakeVolume();
        await Write(volume, 0, Mebi);
        await volume.CreateSnapshotAsync("early", None);
        await Write(volume, 4 * Mebi, 4096);
        await volume.CreateSnapshotAsync("left", None);
        await volume.EndRunAsync(None);
        await volume.RevertToSnapshotAsync("early", None);
        await volume.BeginRunAsync(2, None);
        await Write(volume, 8 * Mebi, 4096);
        await using Served served = await Served.Start(volume, dirtyBitmaps: new SnapshotBitmaps(volume));
        using RawClient client = RawClient.Greet(served.Server.LocalEndPoint);
        client.Option(Structured, []);
        uint id = System.Buffers.Binary.BinaryPrimitives.ReadUInt32BigEndian(client.Option(SetContexts, RawClient.Contexts("disk", $"{Bitmap}left"))[0].Data);
        client.Option(Go, RawClient.Info("disk"));

        bool[] dirty = Flags(client, id, 0, DiskBytes);

        Assert.True(dirty[4 * Mebi / 4096], "what only the snapshot has is a difference too");
        Assert.True(dirty[8 * Mebi / 4096]);
        Assert.False(dirty[0]);
        await volume.DeleteSnapshotAsync("left", None);
        RawReply gone = client.Do(RawClient.BlockStatus, 0, 4096);
        Assert.Equal(22u, gone.Error);
        Assert.Contains("snapshot", gone.Message, StringComparison.Ordinal);
        Assert.Empty(served.Faults);
    }

    [Fact]
    public async Task Nbdinfo_and_qemu_img_map_what_changed()
    {
        BlockVolume volume = await MakeVolume();
        await Write(volume, 0, Mebi);
        await volume.CreateSnapshotAsync("monday", None);
        await Write(volume, 3 * Mebi, 2 * Mebi);
        await using Served served = await Served.Start(volume, dirtyBitmaps: new SnapshotBitmaps(volume));

        using JsonDocument info = JsonDocument.Parse(await ClientProgram.Run("nbdinfo", "--json", served.Uri));
        Assert.Equal(
            ["base:allocation", $"{Bitmap}monday"],
            info.RootElement.GetProperty("exports")[0].GetProperty("contexts").EnumerateArray().Select(context => context.GetString()!));
        using JsonDocument map = JsonDocument.Parse(await ClientProgram.Run("nbdinfo", "--json", $"--map={Bitmap}monday", served.Uri));
        Assert.Equal(
            [(0L, 3L * Mebi, 0), (3L * Mebi, 2L * Mebi, 1), (5L * Mebi, DiskBytes - (5L * Mebi), 0)],
            map.RootElement.EnumerateArray().Select(e => (e.GetProperty("offset").GetInt64(), e.GetProperty("length").GetInt64(), e.GetProperty("type").GetInt32())));

        // QEMU shows what the bitmap calls dirty as not data.
        string image =
            $"driver=nbd,server.type=inet,server.host=127.0.0.1,server.port={served.Address.Port},export=disk,x-dirty-bitmap={Bitmap}monday";
        using JsonDocument seen = JsonDocument.Parse(await ClientProgram.Run("qemu-img", "map", "--output=json", "--image-opts", image));
        Assert.Equal(
            [(0L, true), (3L * Mebi, false), (5L * Mebi, true)],
            seen.RootElement.EnumerateArray().Select(e => (e.GetProperty("start").GetInt64(), e.GetProperty("data").GetBoolean())));
    }

    private static string[] Names(List<(uint Kind, byte[] Data)> replies)
    {
        Assert.Equal(RawClient.RepAck, replies[^1].Kind);
        return [.. replies[..^1].Select(reply => System.Text.Encoding.UTF8.GetString(reply.Data.AsSpan(4)))];
    }

    private static bool[] Flags(RawClient client, uint id, long offsetBytes, long lengthBytes)
    {
        List<bool> flags = [];
        while (lengthBytes > 0)
        {
            foreach ((uint length, uint state) in client.Do(RawClient.BlockStatus, (ulong)offsetBytes, (uint)lengthBytes).ExtentsOf(id))
            {
                flags.AddRange(Enumerable.Repeat(state == 1, (int)(length / 4096)));
                offsetBytes += length;
                lengthBytes -= length;
            }
        }

        return [.. flags];
    }

    private static async Task<byte[]> Content(IBlockDevice device)
    {
        byte[] content = new byte[device.SizeBytes];
        await device.ReadAsync(0, content, None);
        return content;
    }

    private static ValueTask Write(BlockVolume volume, int offsetBytes, int lengthBytes) =>
        volume.WriteAsync(offsetBytes, TransmissionTests.Bytes(lengthBytes, offsetBytes + lengthBytes), WriteOptions.None, None);

    private async Task<BlockVolume> MakeVolume()
    {
        _store = await BlockStore.OpenAsync(new BlockStoreOptions { Directory = Path.Combine(_folder, "store"), SegmentBytes = 4 * Mebi }, None);
        BlockVolume volume = await _store.CreateAsync("v", DiskBytes, None);
        await volume.BeginRunAsync(1, None);
        return volume;
    }
}
