using System.Buffers.Binary;
using System.Net.Sockets;
using Skerry.Demo;
using Skerry.TestKit.Processes;

namespace Skerry.EndToEnd;

/// <summary>
/// Each site is killed at ten random moments while a writer stamps blocks and flushes. The oracle knows which stamp of each block
/// was acknowledged as flushed; nothing older may ever be read again, and nothing that was never written.
/// </summary>
public sealed class KillTests
{
    private const int BlockSize = 4096, Blocks = 2048, Rounds = 10;
    private readonly int _seed = int.TryParse(Environment.GetEnvironmentVariable("SKERRY_SEED"), out var seed) ? seed : Random.Shared.Next();

    [Fact]
    public async Task No_acknowledged_flush_is_lost_though_each_site_is_killed_ten_times_during_replication()
    {
        var cancellationToken = TestContext.Current.CancellationToken;
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {_seed}: SKERRY_SEED={_seed} replays the moments");
        var random = new Random(_seed);
        await using var stage = Stage.Open();
        await Skerry.Demo.Steps.JoinStep.StartJoinedAsync(stage, cancellationToken);
        var volume = (await stage.North.JsonAsync(cancellationToken, "volume", "create", "stamps", "--size", "1", "--site", "north", "--wait"))
            .GetProperty("id").GetString()!;
        var replication = (await stage.North.JsonAsync(cancellationToken, "replication", "create", volume, "--to", "south", "--mode", "instant", "--wait"))
            .GetProperty("id").GetString()!;
        var uri = (await stage.North.SkerryAsync(cancellationToken, "volume", "connect", volume)).Require().Output.Trim();
        var oracle = new Oracle();
        foreach (var site in Enumerable.Repeat(new[] { stage.North, stage.South }, Rounds).SelectMany(s => s))
        {
            using var writing = new CancellationTokenSource();
            var writer = WriteAsync(new Uri(uri), oracle, random.Next(), writing.Token);
            await Task.Delay(random.Next(50, 900), cancellationToken);
            await site.KillAsync();
            await Task.Delay(random.Next(0, 200), cancellationToken);
            await writing.CancelAsync();
            await writer;
            await site.StartAsync(cancellationToken);
            await using var client = await ConnectAsync(new Uri(uri), cancellationToken);
            await oracle.VerifyAsync(client, $"seed {_seed}, after {site.Name} was killed", cancellationToken);
        }

        await FollowsAsync(stage.North, replication, cancellationToken);
        (await stage.North.SkerryAsync(cancellationToken, "volume", "failover", volume, "--to", "south", "--wait")).Require();
        var there = (await stage.South.SkerryAsync(cancellationToken, "volume", "connect", volume)).Require().Output.Trim();
        await using var replica = await ConnectAsync(new Uri(there), cancellationToken);
        await oracle.VerifyAsync(replica, $"seed {_seed}, at the promoted replica", cancellationToken);
        Assert.True(oracle.Acknowledged > Rounds, $"seed {_seed}: only {oracle.Acknowledged} flushes were acknowledged, which proves nothing");
    }

    private static Task FollowsAsync(DemoSite site, string replication, CancellationToken cancellationToken) =>
        Eventually.TrueAsync("the replica follows", TimeSpan.FromSeconds(60), async () =>
        {
            var shown = await site.JsonAsync(cancellationToken, "replication", "show", replication);
            return shown.GetProperty("status").GetString() == "active - secondary"
                && shown.GetProperty("source").GetProperty("lag_bytes") is { ValueKind: System.Text.Json.JsonValueKind.Number } lag && lag.GetInt64() == 0;
        }, cancellationToken);

    /// <summary>A daemon that has just come back opens its volumes within moments of being ready.</summary>
    private static Task<NbdClient> ConnectAsync(Uri uri, CancellationToken cancellationToken) =>
        Eventually.BecomesAsync("the export is served", TimeSpan.FromSeconds(20), async () =>
        {
            try
            {
                return await NbdClient.ConnectAsync(uri, cancellationToken);
            }
            catch (Exception e) when (e is IOException or SocketException)
            {
                return null;
            }
        }, cancellationToken);

    private static async Task WriteAsync(Uri uri, Oracle oracle, int seed, CancellationToken cancellationToken)
    {
        var random = new Random(seed);
        try
        {
            await using var client = await NbdClient.ConnectAsync(uri, cancellationToken);
            while (!cancellationToken.IsCancellationRequested)
            {
                for (var i = random.Next(1, 8); i > 0; i--)
                {
                    var (block, stamp) = oracle.Begin(random.Next(Blocks));
                    await client.WriteAsync((long)block * BlockSize, Stamp(block, stamp), CancellationToken.None);
                }

                await client.FlushAsync(CancellationToken.None);
                oracle.Flushed();
            }
        }
        catch (Exception e) when (e is IOException or SocketException or OperationCanceledException)
        {
            // The site was killed under the writer, which is the point.
        }
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

    private sealed class Oracle
    {
        private readonly long[] _durable = new long[Blocks];
        private readonly long[] _written = new long[Blocks];
        private readonly List<int> _sinceFlush = [];
        private long _stamp;

        public int Acknowledged { get; private set; }

        public (int Block, long Stamp) Begin(int block)
        {
            _sinceFlush.Add(block);
            _written[block] = ++_stamp;
            return (block, _stamp);
        }

        public void Flushed()
        {
            _sinceFlush.ForEach(b => _durable[b] = _written[b]);
            _sinceFlush.Clear();
            Acknowledged++;
        }

        public async Task VerifyAsync(NbdClient client, string when, CancellationToken cancellationToken)
        {
            var all = new byte[Blocks * BlockSize];
            await client.ReadAsync(0, all, cancellationToken);
            for (var block = 0; block < Blocks; block++)
            {
                var bytes = all.AsSpan(block * BlockSize, BlockSize);
                var stamp = BinaryPrimitives.ReadInt64LittleEndian(bytes);
                Assert.True(stamp >= _durable[block], $"{when}: block {block} holds stamp {stamp}, though {_durable[block]} was flushed and acknowledged");
                Assert.True(stamp <= _written[block], $"{when}: block {block} holds stamp {stamp}, which was never written");
                Assert.True(stamp == 0 ? !bytes.ContainsAnyExcept((byte)0) : bytes.SequenceEqual(Stamp(block, stamp)), $"{when}: block {block} is torn");

                // What is there now may have been read by somebody; it must not go back behind this.
                _durable[block] = Math.Max(_durable[block], stamp);
                _written[block] = Math.Max(_written[block], stamp);
            }

            _sinceFlush.Clear();
        }
    }
}
