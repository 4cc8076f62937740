using System.Buffers.Binary;
using System.Collections.Concurrent;
using Skerry.Demo;
using Skerry.TestKit.Processes;

namespace Skerry.EndToEnd.Faults;

/// <summary>
/// Every write of one writer, in its order, with when it was flushed and acknowledged. A disk that was promoted, or that came back,
/// must hold exactly what the writes up to one of them leave, and that one must not lie before what was promised.
/// </summary>
internal sealed class WriteLine(int seed)
{
    private const int BlockSize = 4096, Blocks = 512;

    private readonly Random _random = new(seed);
    private readonly List<(long Stamp, int Block)> _writes = [];
    private readonly List<(DateTimeOffset At, long Stamp)> _flushes = [];
    private readonly ConcurrentDictionary<long, string> _primaries = [];
    private long _stamp;

    public int Acknowledged { get; private set; }

    public long LostWrites { get; private set; }

    /// <summary>Writes at one site until it is cancelled; each time that the site comes back it checks first that nothing acknowledged is lost.</summary>
    public async Task WriteAsync(ReplicatedDisk disk, DemoSite site, CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                var uri = new Uri(await disk.ConnectAsync(site, cancellationToken));
                await using var client = await NbdClient.ConnectAsync(uri, cancellationToken);
                await VerifyAsync(client, $"when the writer came to {site.Name}", null);
                while (!cancellationToken.IsCancellationRequested)
                {
                    await WriteSomeAsync(client, site, await disk.GenerationAsync(site, cancellationToken), 20, cancellationToken);
                }
            }
            catch (Exception e) when (ReplicatedDisk.IsAbsence(e))
            {
                // Not there, or gone under the writer.
                await Task.Delay(20, CancellationToken.None);
            }
        }
    }

    /// <summary>Some blocks, a flush, and so on. One site alone may acknowledge in one generation.</summary>
    public async Task WriteSomeAsync(NbdClient client, DemoSite site, long generation, int flushes, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(40));
        for (; flushes > 0 && !cancellationToken.IsCancellationRequested; flushes--)
        {
            for (var i = _random.Next(1, 6); i > 0; i--)
            {
                var block = _random.Next(Blocks);
                _writes.Add((++_stamp, block));
                await client.WriteAsync((long)block * BlockSize, Stamp(block, _stamp), limit.Token);
            }

            await client.FlushAsync(limit.Token);
            _flushes.Add((DateTimeOffset.UtcNow, _stamp));
            Acknowledged++;
            var primary = _primaries.GetOrAdd(generation, site.Name);
            Assert.True(primary == site.Name, $"two primaries: {primary} and {site.Name} both acknowledged writes in generation {generation}");
        }
    }

    /// <summary>What is read is what counts from then on; later writes were lost, and may never be seen again.</summary>
    /// <param name="client">The disk.</param>
    /// <param name="when">For the message.</param>
    /// <param name="upTo">All that was flushed and acknowledged until then must be there; null for all.</param>
    public async Task VerifyAsync(NbdClient client, string when, DateTimeOffset? upTo)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(40));
        var content = new byte[Blocks * BlockSize];
        await client.ReadAsync(0, content, limit.Token);
        var last = Enumerable.Range(0, Blocks).Max(b => BinaryPrimitives.ReadInt64LittleEndian(content.AsSpan(b * BlockSize)));
        var promised = _flushes.Where(f => upTo is null || f.At <= upTo).Select(f => f.Stamp).DefaultIfEmpty().Max();
        Assert.True(last >= promised, $"{when}: it ends with write {last}, though {promised} was flushed and acknowledged in time");
        var expected = new long[Blocks];
        foreach (var (stamp, block) in _writes.TakeWhile(w => w.Stamp <= last))
        {
            expected[block] = stamp;
        }

        for (var block = 0; block < Blocks; block++)
        {
            var wanted = expected[block] == 0 ? new byte[BlockSize] : Stamp(block, expected[block]);
            Assert.True(
                content.AsSpan(block * BlockSize, BlockSize).SequenceEqual(wanted),
                $"{when}: it ends with write {last}, and block {block} holds {BinaryPrimitives.ReadInt64LittleEndian(content.AsSpan(block * BlockSize))} instead of {expected[block]}: no state that the primary was in");
        }

        LostWrites += _writes.Count(w => w.Stamp > last);
        _writes.RemoveAll(w => w.Stamp > last);
        _flushes.RemoveAll(f => f.Stamp > last);
    }

    private static byte[] Stamp(int block, long stamp)
    {
        var bytes = new byte[BlockSize];
        for (var at = 0; at < BlockSize; at += 16)
        {
            BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(at), stamp);
            BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(at + 8), block);
        }

        return bytes;
    }
}
