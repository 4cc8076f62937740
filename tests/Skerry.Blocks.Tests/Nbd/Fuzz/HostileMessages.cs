namespace Skerry.Blocks.Tests.Nbd.Fuzz;

/// <summary>Options and requests that are well framed and otherwise at random, so that the server gets past the first.</summary>
internal sealed class HostileMessages(Random random)
{
    public const int DiskBytes = 1 << 20;

    private static readonly string[] Queries =
        ["base:", "base:allocation", "qemu:", "qemu:dirty-bitmap:", "qemu:dirty-bitmap:monday", "qemu:dirty-bitmap:gone", "", ":", "x-y:z"];

    private ulong _lastCookie;

    /// <summary>What was asked so far, by its cookie.</summary>
    public Dictionary<ulong, (ushort Command, uint LengthBytes)> Asked { get; } = [];

    /// <summary>Not an option that ends haggling, so that the rest is read as options.</summary>
    public byte[] Option()
    {
        byte[] data = random.Next(5) switch
        {
            0 => RawClient.Info(Name(), [.. Enumerable.Range(0, random.Next(5)).Select(_ => (ushort)random.Next(6))]),
            1 => RawClient.Contexts(Name(), [.. Enumerable.Range(0, random.Next(20)).Select(_ => Queries[random.Next(Queries.Length)])]),
            2 => Noise(random.Next(40)),
            3 => Noise(random.Next(5000)),
            _ => [],
        };
        if (data.Length > 0 && random.Next(4) == 0)
        {
            data[random.Next(data.Length)] ^= (byte)(1 << random.Next(8));
        }

        uint option = random.Next(9) switch { 0 => 3, 1 => 5, 2 => 6, 3 => 8, 4 => 9, 5 => 10, 6 => (uint)random.Next(12, 100), 7 => (uint)random.NextInt64(12, 1L << 32), _ => 6 };
        return Option(option, data);
    }

    /// <summary>An option that would lead into transmission, or out.</summary>
    public byte[] LastOption() => random.Next(6) switch
    {
        0 => Option(1, "disk"u8.ToArray()),
        1 => Option(1, Noise(random.Next(50))),
        2 => Option(7, RawClient.Info(Name(), 3)),
        3 => Option(2, []),
        4 => [.. "IHAVEOPT"u8, .. RawClient.Big(7u), .. RawClient.Big(random.Next(2) == 0 ? 1000u : uint.MaxValue), 1, 2, 3],
        _ => Option(7, RawClient.Info("disk")),
    };

    public byte[] Request()
    {
        ushort command = (ushort)random.Next(random.Next(10) == 0 ? 20 : 8);
        uint length = random.Next(40) switch
        {
            0 => (uint)random.Next(DiskBytes * 2),
            1 => (uint)random.NextInt64(uint.MaxValue),
            2 => 4096 * (uint)random.Next(64),
            _ => (uint)random.Next(600),
        };
        ulong offset = random.Next(20) == 0 ? (ulong)random.NextInt64() << random.Next(2) : (ulong)random.Next(DiskBytes) & (random.Next(3) == 0 ? ~4095ul : ~0ul);
        ushort flags = random.Next(3) == 0 ? (ushort)random.Next(1 << random.Next(1, 16)) : (ushort)0;
        byte[] payload = [];
        if (command == RawClient.Write)
        {
            length %= random.Next(50) == 0 ? 600_000u : 20_000u;
            payload = random.Next(4) == 0 ? new byte[length] : Noise((int)length);
        }
        else if (command == RawClient.Disconnect)
        {
            command = RawClient.Flush;
        }

        if (command == RawClient.Flush && random.Next(2) == 0)
        {
            (offset, length) = (0, 0);
        }

        Asked.Add(++_lastCookie, (command, length));
        return RawClient.Request(command, _lastCookie, offset, length, flags, payload);
    }

    /// <summary>What no server can take as a whole message.</summary>
    public byte[] Broken() => random.Next(4) switch
    {
        0 => Noise(random.Next(1, 100)),
        1 => RawClient.Request(RawClient.Write, 0, 0, (uint)random.NextInt64(200_000, uint.MaxValue), payload: Noise(random.Next(70_000))),
        2 => RawClient.Request(RawClient.Write, 0, 0, 300_000, payload: Noise(random.Next(300_000))),
        _ => RawClient.Request(RawClient.Read, 0, 0, 512)[..random.Next(1, 28)],
    };

    /// <summary>Bits turned, pieces taken out, put in twice, or put elsewhere.</summary>
    public byte[] Mutate(byte[] bytes)
    {
        List<byte> changed = [.. bytes];
        for (int i = random.Next(1, 8); i > 0 && changed.Count > 64; i--)
        {
            int at = random.Next(changed.Count - 40);
            int count = random.Next(1, 40);
            switch (random.Next(4))
            {
                case 0:
                    changed[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 1:
                    changed.RemoveRange(at, count);
                    break;
                case 2:
                    changed.InsertRange(at, changed.GetRange(at, count));
                    break;
                default:
                    changed.InsertRange(random.Next(changed.Count), changed.GetRange(at, count));
                    break;
            }
        }

        return [.. changed];
    }

    private static byte[] Option(uint option, byte[] data) => [.. "IHAVEOPT"u8, .. RawClient.Big(option), .. RawClient.Big((uint)data.Length), .. data];

    private string Name() => random.Next(4) switch { 0 or 1 => "disk", 2 => "", _ => new string((char)random.Next(32, 1000), random.Next(300)) };

    private byte[] Noise(int count)
    {
        byte[] noise = new byte[count];
        random.NextBytes(noise);
        return noise;
    }
}
