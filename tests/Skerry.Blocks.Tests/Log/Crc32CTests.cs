using System.Text;
using Skerry.Blocks.Log;

namespace Skerry.Blocks.Tests.Log;

public sealed class Crc32CTests
{
    /// <summary>RFC 3720 appendix B.4, and the check value that catalogues of checksums give.</summary>
    [Fact]
    public void It_gives_the_published_values()
    {
        Assert.Equal(0xE3069283u, Crc32C.Of(Encoding.ASCII.GetBytes("123456789")));
        Assert.Equal(0x8A9136AAu, Crc32C.Of(new byte[32]));
        Assert.Equal(0x62A8AB43u, Crc32C.Of(Enumerable.Repeat((byte)0xFF, 32).ToArray()));
        Assert.Equal(0x46DD794Eu, Crc32C.Of(Enumerable.Range(0, 32).Select(i => (byte)i).ToArray()));
    }

    /// <summary>Against the definition, one bit at a time, at every length around the steps, cut in two anywhere.</summary>
    [Fact]
    public void Every_way_to_compute_it_agrees_with_the_definition()
    {
        var random = new Random(7);
        var bytes = new byte[4096 + 300];
        random.NextBytes(bytes);
        int[] lengths = [.. Enumerable.Range(0, 600), 1023, 1024, 4095, 4096, 4097, 4352];
        foreach (var length in lengths)
        {
            var span = bytes.AsSpan(random.Next(17), length);
            var expected = BitByBit(span);
            Assert.Equal(expected, Crc32C.Of(span));
            Assert.Equal(expected, ~Crc32C.AppendWords(uint.MaxValue, span));
            var cut = random.Next(length + 1);
            Assert.Equal(expected, ~Crc32C.Append(Crc32C.Append(uint.MaxValue, span[..cut]), span[cut..]));
            if (System.Runtime.Intrinsics.X86.Pclmulqdq.IsSupported && length >= 64 && length % 16 == 0)
            {
                Assert.Equal(expected, ~Crc32C.AppendNarrow(uint.MaxValue, span));
            }
        }
    }

    private static uint BitByBit(ReadOnlySpan<byte> bytes)
    {
        var running = uint.MaxValue;
        foreach (var value in bytes)
        {
            running ^= value;
            for (var bit = 0; bit < 8; bit++)
            {
                running = (running >> 1) ^ ((running & 1) * 0x82F63B78u);
            }
        }

        return ~running;
    }
}
