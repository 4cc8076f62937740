using System.Security.Cryptography;
using Skerry.Blocks.Encryption;

namespace Skerry.Blocks.Tests.Encryption;

/// <summary>What is kept where nobody has the key.</summary>
public sealed class OutsideCipherTests
{
    private const int Block = IBlockDevice.BlockSize;

    [Fact]
    public void It_is_XTS_as_the_standard_has_it()
    {
        // IEEE 1619, vector 10; the standard's data unit ends after 512 bytes, and ours goes on.
        using var cipher = new OutsideCipher(
            Convert.FromHexString("2718281828459045235360287471352662497757247093699959574966967627"),
            Convert.FromHexString("3141592653589793238462643383279502884197169399375105820974944592"));
        var bytes = Enumerable.Range(0, Block).Select(i => (byte)i).ToArray();
        cipher.Encrypt(0xffL * Block, bytes);
        Assert.Equal(
            "1c3b3a102f770386e4836c99e370cf9bea00803f5e482357a4ae12d414a3e63b5d31e276f8fe4a8d66b317f9ac683f44680a86ac35adfc3345befecb4bb188fd",
            Convert.ToHexStringLower(bytes.AsSpan(0, 64)));
        Assert.Equal("d74aad83ceba041c9697f0cd1a0f94a1efd98cb9740ce630724e964be6b85436", Convert.ToHexStringLower(SHA256.HashData(bytes)));
    }

    [Fact]
    public void What_was_kept_outside_yesterday_is_made_the_same_today()
    {
        using var cipher = OutsideCipher.Of(VolumeKey.Of([.. Enumerable.Range(0, 32).Select(i => (byte)i)]));
        var bytes = Enumerable.Repeat((byte)1, Block).ToArray();
        cipher.Encrypt(7 * Block, bytes);
        Assert.Equal("4b860fe1e7b15fe5c5277933c776e4a36ff9892770384774ba8ec32f2aecd663", Convert.ToHexStringLower(SHA256.HashData(bytes)));
    }

    [Fact]
    public void A_key_makes_the_same_bytes_at_every_site_and_takes_them_back()
    {
        var key = VolumeKey.Create();
        using var here = OutsideCipher.Of(key);
        using var there = OutsideCipher.Of(VolumeKey.Of(key.Secret));
        var plain = new byte[200 * Block];
        new Random(1).NextBytes(plain);
        plain.AsSpan(7 * Block, 3 * Block).Clear();
        var (all, single) = (plain.ToArray(), plain.ToArray());
        here.Encrypt(5 * Block, all);
        for (var i = 0; i < 200; i++)
        {
            there.Encrypt((5 + i) * (long)Block, single.AsSpan(i * Block, Block));
            Assert.Equal(i is >= 7 and < 10, all.AsSpan(i * Block, Block).SequenceEqual(plain.AsSpan(i * Block, Block)));
        }

        Assert.Equal(all, single);
        there.Decrypt(5 * Block, all);
        Assert.Equal(plain, all);
        Assert.Throws<ArgumentException>(() => here.Encrypt(100, new byte[Block]));
    }
}
