using System.Buffers.Binary;
using System.Net.Sockets;

namespace Skerry.Blocks.Tests.Nbd;

/// <summary>
/// Messages that are well framed and otherwise at random, so that the server gets past the first; each session ends in garbage, in the
/// middle of a message, or politely.
/// </summary>
public sealed class FuzzTests
{
    private const int DiskBytes = 1 << 20;
    private const int Workers = 4;

    [Fact]
    public async Task Two_hundred_thousand_hostile_messages_crash_nothing_and_leave_nothing_behind()
    {
        int seed = Environment.GetEnvironmentVariable("SKERRY_SEED") is { } given ? int.Parse(given) : Random.Shared.Next();
        TestContext.Current.TestOutputHelper!.WriteLine($"SKERRY_SEED={seed}");
        MemoryDevice device = new(DiskBytes);
        await using Served served = await Served.Start(device);
        long messages = 0;
        long answered = 0;

        await Task.WhenAll(Enumerable.Range(0, Workers).Select(worker => Task.Run(() =>
        {
            Random random = new(seed + worker);
            while (Interlocked.Read(ref messages) < 200_000)
            {
                Interlocked.Add(ref messages, random.Next(4) == 0 ? FuzzHandshake(served, random) : FuzzTransmission(served, random, ref answered));
            }
        })));

        await served.Eventually(() => served.Server.Connections.Count == 0, "all connections ended");
        Assert.InRange(answered, 100_000, messages);
        Assert.Equal(0, served.Leases);
        Assert.Empty(served.Faults);
        Assert.All(device.Calls.TakeLast(1000), call => Assert.InRange(call.OffsetBytes + call.LengthBytes, 0, DiskBytes));
        using RawClient client = served.Connect();
        Assert.Equal(0u, client.Do(RawClient.Flush, 0, 0).Error);
    }

    private static int FuzzHandshake(Served served, Random random)
    {
        using RawClient client = RawClient.Greet(served.Server.LocalEndPoint, (uint)random.Next(4));
        List<byte> bytes = [];
        int count = random.Next(1, 100);
        for (int i = 0; i < count; i++)
        {
            byte[] data = random.Next(4) switch
            {
                0 => RawClient.Info(Name(random), [.. Enumerable.Range(0, random.Next(5)).Select(_ => (ushort)random.Next(6))]),
                1 => RawClient.Contexts(Name(random), [.. Enumerable.Range(0, random.Next(5)).Select(_ => random.Next(2) == 0 ? "base:" : "base:allocation")]),
                2 => Noise(random, random.Next(40)),
                _ => [],
            };
            if (data.Length > 0 && random.Next(4) == 0)
            {
                data[random.Next(data.Length)] ^= (byte)(1 << random.Next(8));
            }

            // Not the options that end haggling, so that the rest is read as options.
            uint option = random.Next(8) switch { 0 => 3, 1 => 5, 2 => 6, 3 => 8, 4 => 9, 5 => 10, 6 => (uint)random.Next(12, 100), _ => 6 };
            bytes.AddRange([.. "IHAVEOPT"u8, .. RawClient.Big(option), .. RawClient.Big((uint)data.Length), .. data]);
        }

        bytes.AddRange(random.Next(3) switch
        {
            0 => Noise(random, 64),
            1 => [.. "IHAVEOPT"u8, .. RawClient.Big(7u), .. RawClient.Big(1000u), 1, 2, 3],
            _ => [.. "IHAVEOPT"u8, .. RawClient.Big(2u), .. RawClient.Big(0u)],
        });
        Exchange(client, [.. bytes]);
        return count;
    }

    private static int FuzzTransmission(Served served, Random random, ref long answered)
    {
        using RawClient client = served.Connect();
        using MemoryStream bytes = new();
        int count = random.Next(1, 800);
        for (int i = 0; i < count; i++)
        {
            ushort command = (ushort)random.Next(random.Next(10) == 0 ? 20 : 8);
            uint length = random.Next(40) switch
            {
                0 => (uint)random.Next(DiskBytes * 2),
                1 => (uint)random.NextInt64(uint.MaxValue),
                _ => (uint)random.Next(600),
            };
            ulong offset = random.Next(20) == 0 ? (ulong)random.NextInt64() << random.Next(2) : (ulong)random.Next(DiskBytes);
            ushort flags = random.Next(3) == 0 ? (ushort)random.Next(1 << random.Next(1, 16)) : (ushort)0;
            byte[] payload = [];
            if (command == RawClient.Write)
            {
                length %= 100_000;
                payload = new byte[length];
            }
            else if (command == RawClient.Disconnect)
            {
                command = RawClient.Flush;
            }

            bytes.Write(RawClient.Request(command, (ulong)i, offset, length, flags, payload));
        }

        bytes.Write(random.Next(4) switch
        {
            0 => Noise(random, random.Next(1, 100)),
            1 => RawClient.Request(RawClient.Write, 1, 0, (uint)random.NextInt64(uint.MaxValue), payload: Noise(random, random.Next(70_000))),
            2 => RawClient.Request(RawClient.Read, 1, 0, 512)[..random.Next(28)],
            _ => RawClient.Request(RawClient.Disconnect, 0, 0, 0),
        });
        byte[] replies = Exchange(client, bytes.ToArray());
        int finals = CountReplies(replies);
        Assert.InRange(finals, 0, count + 1);
        Interlocked.Add(ref answered, Math.Min(finals, count));
        return count;
    }

    /// <summary>Sends all, half-closes, and takes what comes until the server closes.</summary>
    private static byte[] Exchange(RawClient client, byte[] bytes)
    {
        Task sending = Task.Run(() =>
        {
            try
            {
                client.Send(bytes);
                client.Socket.Shutdown(SocketShutdown.Send);
            }
            catch (SocketException)
            {
                // The server has heard enough.
            }
        });
        using MemoryStream replies = new();
        byte[] buffer = new byte[65_536];
        try
        {
            for (int received; (received = client.Socket.Receive(buffer)) > 0;)
            {
                replies.Write(buffer, 0, received);
            }
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.ConnectionReset)
        {
            // Closed with bytes of ours unread.
        }

        sending.Wait();
        return replies.ToArray();
    }

    private static int CountReplies(ReadOnlySpan<byte> replies)
    {
        int finals = 0;
        while (replies.Length >= 16)
        {
            uint magic = BinaryPrimitives.ReadUInt32BigEndian(replies);
            if (magic == 0x67446698)
            {
                finals++;
                replies = replies[16..];
                continue;
            }

            Assert.Equal(0x668e33efu, magic);
            int wholeBytes = replies.Length < 20 ? int.MaxValue : 20 + BinaryPrimitives.ReadInt32BigEndian(replies[16..]);
            if (wholeBytes > replies.Length)
            {
                break;
            }

            finals += replies[5] & 1;
            replies = replies[wholeBytes..];
        }

        return finals;
    }

    private static string Name(Random random) => random.Next(3) switch { 0 => "disk", 1 => "", _ => new string((char)random.Next(32, 1000), random.Next(300)) };

    private static byte[] Noise(Random random, int count)
    {
        byte[] noise = new byte[count];
        random.NextBytes(noise);
        return noise;
    }
}
