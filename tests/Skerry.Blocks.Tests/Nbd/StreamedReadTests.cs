using Skerry.Blocks.Tests.Log;

namespace Skerry.Blocks.Tests.Nbd;

/// <summary>Large reads are sent while they are read: always the right bytes, and an error only where they cannot be had.</summary>
public sealed class StreamedReadTests
{
    private const int Mebi = 1 << 20;
    private const ushort NoFlags = 0;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(true, NoFlags)]
    [InlineData(true, RawClient.DontFragment)]
    [InlineData(false, NoFlags)]
    public async Task Large_reads_of_any_range_give_what_was_written(bool structured, ushort flags)
    {
        (FaultyStorage _, BlockStore store, BlockVolume volume, byte[] content) = await Written();
        await using BlockStore open = store;
        await using Served served = await Served.Start(volume);
        using RawClient client = served.Connect(structured);
        foreach ((int offset, int length) in new[] { (0, 4 * Mebi), (1, Mebi), (4095, 250 * 1024), (12_288, (240 * 1024) + 1), (Mebi + 7, (3 * Mebi) - 7) })
        {
            RawReply reply = client.Do(RawClient.Read, (ulong)offset, (uint)length, flags);
            Assert.Equal(0u, reply.Error);
            Assert.True(reply.Content(offset, length).AsSpan().SequenceEqual(content.AsSpan(offset, length)));
            Assert.True(flags == NoFlags || reply.Chunks.Count == 1);
        }

        Assert.Empty(served.Faults);
    }

    [Fact]
    public async Task Rot_behind_what_was_sent_ends_the_reply_with_an_error_and_the_connection_goes_on()
    {
        (FaultyStorage storage, BlockStore store, BlockVolume volume, byte[] content) = await Written();
        await using BlockStore open = store;
        await using Served served = await Served.Start(volume);
        using RawClient client = served.Connect();
        foreach (string name in storage.List().Where(name => name.EndsWith(".segment", StringComparison.Ordinal)))
        {
            int at = storage.Bytes(name).AsSpan().IndexOf(content.AsSpan(2 * Mebi, 4096));
            if (at >= 0)
            {
                storage.Bytes(name)[at + 100] ^= 1;
            }
        }

        RawReply reply = client.Do(RawClient.Read, 0, 4 * Mebi);
        Assert.Equal(5u, reply.Error);
        Assert.NotEmpty(reply.Chunks);
        foreach (RawChunk chunk in reply.Chunks)
        {
            Assert.True(chunk.OffsetBytes + chunk.Data.Length <= 2 * Mebi);
            Assert.True(chunk.Data.AsSpan().SequenceEqual(content.AsSpan((int)chunk.OffsetBytes, chunk.Data.Length)));
        }

        Assert.Single(served.Faults);
        Assert.Equal(5u, client.Do(RawClient.Read, 2 * Mebi, Mebi).Error);
        Assert.Equal(0u, client.Do(RawClient.Read, 0, Mebi).Error);
    }

    [Fact]
    public async Task A_client_that_sends_all_before_it_reads_gets_every_reply_whole()
    {
        (FaultyStorage _, BlockStore store, BlockVolume volume, byte[] content) = await Written();
        await using BlockStore open = store;
        await using Served served = await Served.Start(volume);
        using RawClient client = served.Connect();
        const int Reads = 16;
        for (ulong i = 0; i < Reads; i++)
        {
            client.Ask(RawClient.Read, i, (i % 2) * Mebi, 3 * Mebi);
            client.Ask(RawClient.Write, 100 + i, 0, 4096, payload: content[..4096]);
        }

        await Task.Delay(100);
        List<ulong> cookies = [];
        for (int i = 0; i < 2 * Reads; i++)
        {
            RawReply reply = client.Next();
            cookies.Add(reply.Cookie);
            Assert.Equal(0u, reply.Error);
            if (reply.Cookie < Reads)
            {
                int offset = (int)(reply.Cookie % 2) * Mebi;
                Assert.True(reply.Content(offset, 3 * Mebi).AsSpan().SequenceEqual(content.AsSpan(offset, 3 * Mebi)));
            }
        }

        Assert.Equal(2 * Reads, cookies.Distinct().Count());
    }

    private static async Task<(FaultyStorage Storage, BlockStore Store, BlockVolume Volume, byte[] Content)> Written()
    {
        FaultyStorage storage = new();
        BlockStore store = BlockStore.Open(new BlockStoreOptions { Directory = "memory" }, storage, background: false);
        BlockVolume volume = await store.CreateAsync("disk", 4 * Mebi, Ct);
        await volume.BeginRunAsync(1, Ct);
        byte[] content = new byte[4 * Mebi];
        new Random(3).NextBytes(content);
        await volume.WriteAsync(0, content, WriteOptions.None, Ct);
        return (storage, store, volume, content);
    }
}
