using System.Buffers.Binary;
using System.Net.Sockets;
using Skerry.TestKit.Processes;

namespace Skerry.EndToEnd.Faults;

/// <summary>
/// Writes stamped blocks to a disk wherever it takes writes, and knows which stamps were acknowledged as flushed, and when. Nothing
/// older than what was promised may ever be read, and nothing that was never written.
/// </summary>
internal sealed class StampOracle(int seed)
{
    private const int BlockSize = 4096, Blocks = 512;

    private readonly Random _random = new(seed);
    private readonly long[] _written = new long[Blocks];
    private readonly long[] _floor = new long[Blocks];
    private readonly List<(DateTimeOffset At, int Block, long Stamp)> _flushed = [];
    private readonly List<string>[] _history = [.. Enumerable.Range(0, Blocks).Select(_ => new List<string>())];
    private string _site = "";
    private long _stamp;

    public int Acknowledged { get; private set; }

    /// <summary>Moments at which a writer that had lost the disk got its first flush through again.</summary>
    public List<(string Site, DateTimeOffset At)> Returns { get; } = [];

    /// <summary>Goes on until it is cancelled, reconnecting whenever the disk is lost.</summary>
    public async Task WriteAsync(ReplicatedDisk disk, CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                if (await disk.TryOpenAsync(cancellationToken) is not { } opened)
                {
                    await Task.Delay(50, cancellationToken);
                    continue;
                }

                await using var client = opened.Client;
                _site = opened.Site.Name;
                await VerifyAsync(client, $"when the writer came to {_site}", cancellationToken);
                for (var isFirst = true; !cancellationToken.IsCancellationRequested; isFirst = false)
                {
                    await WriteSomeAsync(client);
                    if (isFirst)
                    {
                        Returns.Add((opened.Site.Name, DateTimeOffset.UtcNow));
                    }

                    await Task.Delay(2, cancellationToken);
                }
            }
            catch (Exception e) when (e is IOException or SocketException or OperationCanceledException)
            {
                // The disk went away under the writer.
            }
        }
    }

    /// <summary>A few blocks and a flush that is acknowledged.</summary>
    public async Task WriteSomeAsync(NbdClient client)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(40));
        var since = new List<(int Block, long Stamp)>();
        for (var i = _random.Next(1, 6); i > 0; i--)
        {
            var block = _random.Next(Blocks);
            _written[block] = ++_stamp;
            since.Add((block, _stamp));
            _history[block].Add($"{DateTimeOffset.UtcNow:ss.fff} {_stamp} to {_site}");
            await client.WriteAsync((long)block * BlockSize, Stamp(block, _stamp), limit.Token);
        }

        await client.FlushAsync(limit.Token);
        var now = DateTimeOffset.UtcNow;
        since.ForEach(s => _flushed.Add((now, s.Block, s.Stamp)));
        since.ForEach(s => _history[s.Block].Add($"{now:ss.fff} {s.Stamp} flushed"));
        Acknowledged++;
    }

    /// <summary>Requires what was acknowledged, up to a moment when one is given; what is read is what counts from then on.</summary>
    public async Task VerifyAsync(NbdClient client, string when, CancellationToken cancellationToken, DateTimeOffset? upTo = null)
    {
        foreach (var (_, block, stamp) in _flushed.Where(f => upTo is null || f.At <= upTo))
        {
            _floor[block] = Math.Max(_floor[block], stamp);
        }

        var all = new byte[Blocks * BlockSize];
        await client.ReadAsync(0, all, cancellationToken);
        for (var block = 0; block < Blocks; block++)
        {
            var bytes = all.AsSpan(block * BlockSize, BlockSize);
            var stamp = BinaryPrimitives.ReadInt64LittleEndian(bytes);
            Assert.True(stamp >= _floor[block], $"{when}: block {block} holds stamp {stamp}, though {_floor[block]} was promised: {string.Join("; ", _history[block].TakeLast(12))}");
            Assert.True(stamp <= _written[block], $"{when}: block {block} holds stamp {stamp}, which was never written");
            Assert.True(stamp == 0 ? !bytes.ContainsAnyExcept((byte)0) : bytes.SequenceEqual(Stamp(block, stamp)), $"{when}: block {block} is torn");
            _floor[block] = stamp;
        }

        // The next stamps are higher than any that a lost line of writes had, so that none of those can pass for a new one.
        _flushed.Clear();
        Array.Copy(_floor, _written, Blocks);
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
