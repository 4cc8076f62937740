using Skerry.State.Storage;
using Xunit;

namespace Skerry.TestKit.State;

/// <summary>Opens a store, empty at first; opened again after it was disposed of, it is the same one.</summary>
public delegate ValueTask<IStateStore> OpenStore();

/// <summary>What every <see cref="IStateStore"/> must do. Each case takes a store of its own.</summary>
public static class StateStoreConformance
{
    public static IReadOnlyDictionary<string, Func<OpenStore, Task>> Cases { get; } = new Dictionary<string, Func<OpenStore, Task>>(StringComparer.Ordinal)
    {
        ["a new store is empty"] = IsEmptyAtFirst,
        ["entries come back in order with their ids and bytes"] = KeepsOrder,
        ["an append that expects another last id does nothing"] = RefusesWrongLastId,
        ["a checkpoint that expects another last id does nothing"] = RefusesCheckpointOverWrongLastId,
        ["a checkpoint replaces what came before and keeps what is asked"] = ReplacesAndKeeps,
        ["appends go on above a checkpoint that kept nothing"] = PositionsNeverFall,
        ["only what comes after a position is read as its tail"] = ReadsTail,
        ["what was written is there after opening again"] = SurvivesReopening,
        ["the caller's buffer is free after the append"] = KeepsNoBuffer,
        ["large and empty payloads are kept"] = KeepsAnySize,
        ["a checkpoint of many parts and a log of many entries are read whole"] = ReadsPages,
        ["a checkpoint that fails while it is made leaves the last one"] = KeepsLastCheckpoint,
    };

    /// <summary>For a store that several daemons may open at once.</summary>
    public static IReadOnlyDictionary<string, Func<OpenStore, Task>> SharedCases { get; } = new Dictionary<string, Func<OpenStore, Task>>(StringComparer.Ordinal)
    {
        ["of two appends over one last id one is done"] = OneOfTwoAppends,
        ["each reads what the other wrote"] = EachReadsTheOther,
        ["who waits learns of another's append, and of its checkpoint"] = WakesWhoWaits,
    };

    private static async Task IsEmptyAtFirst(OpenStore open)
    {
        await using var store = await open();
        Assert.Equal(default, await store.ReadTailAsync(default));
        Assert.Empty(await EntriesAsync(store));
        Assert.Empty(await CheckpointAsync(store));
        Assert.NotEmpty(store.Name);
    }

    private static async Task KeepsOrder(OpenStore open)
    {
        await using var store = await open();
        Assert.True(await store.AppendAsync(0, 11, Bytes(1), default));
        Assert.True(await store.AppendAsync(11, ulong.MaxValue, Bytes(2), default));
        Assert.Equal(new StoreTail(2, ulong.MaxValue, 0, 0), await store.ReadTailAsync(default));
        Assert.Equal([(1, 11, 1), (2, ulong.MaxValue, 2)], await EntriesAsync(store));
    }

    private static async Task RefusesWrongLastId(OpenStore open)
    {
        await using var store = await open();
        Assert.False(await store.AppendAsync(7, 8, Bytes(1), default));
        Assert.True(await store.AppendAsync(0, 11, Bytes(1), default));
        Assert.False(await store.AppendAsync(0, 12, Bytes(2), default));
        Assert.Equal([(1, 11, 1)], await EntriesAsync(store));
        Assert.Equal(new StoreTail(1, 11, 0, 0), await store.ReadTailAsync(default));
    }

    private static async Task RefusesCheckpointOverWrongLastId(OpenStore open)
    {
        await using var store = await open();
        Assert.True(await store.AppendAsync(0, 11, Bytes(1), default));
        Assert.False(await store.ReplaceAsync(0, 12, Parts(9), 2, default));
        Assert.Equal([(1, 11, 1)], await EntriesAsync(store));
        Assert.Empty(await CheckpointAsync(store));
    }

    private static async Task ReplacesAndKeeps(OpenStore open)
    {
        await using var store = await open();
        Assert.True(await store.AppendAsync(0, 11, Bytes(1), default));
        Assert.True(await store.AppendAsync(11, 12, Bytes(2), default));
        Assert.True(await store.ReplaceAsync(12, 13, Parts(8, 9), 2, default));
        Assert.Equal([8, 9], await CheckpointAsync(store));
        Assert.Equal([(2, 12, 2)], await EntriesAsync(store));
        Assert.Equal(new StoreTail(2, 13, 2, 13), await store.ReadTailAsync(default));
        Assert.False(await store.AppendAsync(12, 14, Bytes(3), default));
        Assert.True(await store.AppendAsync(13, 14, Bytes(3), default));
        Assert.True(await store.ReplaceAsync(14, 15, Parts(7), 4, default));
        Assert.Equal([7], await CheckpointAsync(store));
        Assert.Empty(await EntriesAsync(store));
    }

    private static async Task PositionsNeverFall(OpenStore open)
    {
        await using (var store = await open())
        {
            Assert.True(await store.AppendAsync(0, 11, Bytes(1), default));
            Assert.True(await store.ReplaceAsync(11, 12, Parts(9), 2, default));
        }

        await using var again = await open();
        Assert.Equal(new StoreTail(1, 12, 1, 12), await again.ReadTailAsync(default));
        Assert.True(await again.AppendAsync(12, 13, Bytes(2), default));
        Assert.Equal([(2, 13, 2)], await EntriesAsync(again));
        Assert.Equal(new StoreTail(2, 13, 1, 12), await again.ReadTailAsync(default));
    }

    private static async Task ReadsTail(OpenStore open)
    {
        await using var store = await open();
        for (var i = 1; i <= 5; i++) Assert.True(await store.AppendAsync((ulong)i - 1, (ulong)i, Bytes((byte)i), default));
        Assert.Equal([(4, 4, 4), (5, 5, 5)], await EntriesAsync(store, after: 3));
        Assert.Empty(await EntriesAsync(store, after: 5));
    }

    private static async Task SurvivesReopening(OpenStore open)
    {
        await using (var store = await open())
        {
            Assert.True(await store.AppendAsync(0, 11, Bytes(1), default));
            Assert.True(await store.ReplaceAsync(11, 12, Parts(8, 9), 1, default));
            Assert.True(await store.AppendAsync(12, 13, Bytes(2), default));
        }

        await using var again = await open();
        Assert.Equal([8, 9], await CheckpointAsync(again));
        Assert.Equal([(1, 11, 1), (2, 13, 2)], await EntriesAsync(again));
        Assert.Equal(new StoreTail(2, 13, 1, 12), await again.ReadTailAsync(default));
    }

    private static async Task KeepsNoBuffer(OpenStore open)
    {
        await using var store = await open();
        byte[] buffer = [1];
        Assert.True(await store.AppendAsync(0, 11, buffer, default));
        buffer[0] = 2;
        Assert.Equal([(1, 11, 1)], await EntriesAsync(store));
    }

    private static async Task KeepsAnySize(OpenStore open)
    {
        await using var store = await open();
        var large = new byte[3 << 20];
        new Random(5).NextBytes(large);
        Assert.True(await store.AppendAsync(0, 11, large, default));
        Assert.True(await store.AppendAsync(11, 12, ReadOnlyMemory<byte>.Empty, default));
        var payloads = new List<byte[]>();
        await foreach (var entry in store.ReadAsync(0, default)) payloads.Add(entry.Payload);
        Assert.Equal(2, payloads.Count);
        Assert.True(large.AsSpan().SequenceEqual(payloads[0]));
        Assert.Empty(payloads[1]);
    }

    private static async Task ReadsPages(OpenStore open)
    {
        await using var store = await open();
        for (var i = 1; i <= 300; i++) Assert.True(await store.AppendAsync((ulong)i - 1, (ulong)i, Bytes((byte)i), default));
        Assert.True(await store.ReplaceAsync(300, 301, Parts([.. Enumerable.Range(0, 200).Select(i => (byte)i)]), 11, default));
        Assert.Equal([.. Enumerable.Range(0, 200).Select(i => (byte)i)], await CheckpointAsync(store));
        Assert.Equal([.. Enumerable.Range(11, 290).Select(i => ((long)i, (ulong)i, (byte)i))], await EntriesAsync(store));
        Assert.Equal([.. Enumerable.Range(101, 200).Select(i => (long)i)], (await EntriesAsync(store, after: 100)).Select(entry => entry.Position));
    }

    private static async Task KeepsLastCheckpoint(OpenStore open)
    {
        await using (var store = await open())
        {
            Assert.True(await store.AppendAsync(0, 11, Bytes(1), default));
            Assert.True(await store.ReplaceAsync(11, 12, Parts(8, 9), 1, default));
            await Assert.ThrowsAsync<InvalidOperationException>(async () => await store.ReplaceAsync(12, 13, Failing(), 2, default));
            Assert.Equal([8, 9], await CheckpointAsync(store));
            Assert.True(await store.AppendAsync(12, 14, Bytes(2), default));
        }

        await using var again = await open();
        Assert.Equal([8, 9], await CheckpointAsync(again));
        Assert.Equal([(1, 11, 1), (2, 14, 2)], await EntriesAsync(again));

        static IEnumerable<ReadOnlyMemory<byte>> Failing()
        {
            for (var i = 0; i < 40; i++) yield return Bytes(7);
            throw new InvalidOperationException("the state could not be encoded");
        }
    }

    private static async Task OneOfTwoAppends(OpenStore open)
    {
        await using var first = await open();
        await using var second = await open();
        for (var round = 0UL; round < 50; round++)
        {
            var last = (await first.ReadTailAsync(default)).LastId;
            var answers = await Task.WhenAll(
                first.AppendAsync(last, (2 * round) + 1, Bytes(1), default).AsTask(), second.AppendAsync(last, (2 * round) + 2, Bytes(2), default).AsTask());
            Assert.Single(answers, answer => answer);
            Assert.Equal(answers[0] ? (2 * round) + 1 : (2 * round) + 2, (await second.ReadTailAsync(default)).LastId);
        }

        Assert.Equal(50, (await EntriesAsync(first)).Count);
    }

    private static async Task EachReadsTheOther(OpenStore open)
    {
        await using var first = await open();
        await using var second = await open();
        Assert.True(await first.AppendAsync(0, 11, Bytes(1), default));
        Assert.True(await second.AppendAsync(11, 12, Bytes(2), default));
        Assert.True(await first.ReplaceAsync(12, 13, Parts(9), 2, default));
        Assert.Equal(new StoreTail(2, 13, 2, 13), await second.ReadTailAsync(default));
        Assert.Equal([9], await CheckpointAsync(second));
        Assert.Equal([(2, 12, 2)], await EntriesAsync(second));
    }

    private static async Task WakesWhoWaits(OpenStore open)
    {
        await using var writer = await open();
        await using var reader = await open();
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        var learns = LearnsAsync(11);
        Assert.True(await writer.AppendAsync(0, 11, Bytes(1), default));
        await learns;
        learns = LearnsAsync(12);
        Assert.True(await writer.ReplaceAsync(11, 12, Parts(9), 2, default));
        await learns;

        async Task LearnsAsync(ulong id)
        {
            for (var known = (await reader.ReadTailAsync(default)).LastId; known != id; known = (await reader.ReadTailAsync(default)).LastId)
            {
                await reader.WaitForChangeAsync(known, limit.Token);
            }
        }
    }

    private static ReadOnlyMemory<byte> Bytes(byte value) => new[] { value };

    private static IEnumerable<ReadOnlyMemory<byte>> Parts(params byte[] values) => values.Select(Bytes);

    private static async Task<List<(long Position, ulong Id, byte First)>> EntriesAsync(IStateStore store, long after = 0)
    {
        var entries = new List<(long, ulong, byte)>();
        await foreach (var entry in store.ReadAsync(after, default)) entries.Add((entry.Position, entry.Id, entry.Payload[0]));
        return entries;
    }

    private static async Task<List<byte>> CheckpointAsync(IStateStore store)
    {
        var parts = new List<byte>();
        await foreach (var part in store.ReadCheckpointAsync(default)) parts.Add(part[0]);
        return parts;
    }
}
