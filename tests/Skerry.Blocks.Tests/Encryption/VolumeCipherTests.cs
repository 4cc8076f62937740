using System.Security.Cryptography;
using Skerry.Blocks.Encryption;

namespace Skerry.Blocks.Tests.Encryption;

public sealed class VolumeCipherTests
{
    private static readonly VolumeKey Key = VolumeKey.Create();

    [Fact]
    public void What_was_encrypted_comes_back_also_after_the_store_is_opened_again()
    {
        var plain = RandomNumberGenerator.GetBytes(5 * 4096);
        var (cipher, seals) = Encrypt(new VolumeCipher(Key), 70, plain);
        Assert.False(cipher.AsSpan().SequenceEqual(plain));
        var later = new VolumeCipher(VolumeKey.Of(Key.Secret));
        for (var i = 0; i < 5; i++)
        {
            Assert.True(later.TryDecrypt(70 + i, cipher.AsSpan(i * 4096, 4096), SealAt(seals, i)));
        }

        Assert.Equal(plain, cipher);
    }

    [Fact]
    public void No_bit_of_a_block_or_of_its_seal_can_be_changed_unnoticed()
    {
        var cipherOf = new VolumeCipher(Key);
        var plain = RandomNumberGenerator.GetBytes(4096);
        var (cipher, seals) = Encrypt(cipherOf, 3, plain);
        for (var bit = 0; bit < seals.Length * 8; bit++)
        {
            var bad = (byte[])seals.Clone();
            bad[bit / 8] ^= (byte)(1 << (bit % 8));
            Refuses(cipherOf, 3, cipher, bad);
        }

        for (var at = 0; at < 4096; at += 37)
        {
            var bad = (byte[])cipher.Clone();
            bad[at] ^= 0x10;
            Refuses(cipherOf, 3, bad, seals);
        }
    }

    [Fact]
    public void A_block_is_refused_at_another_place_and_under_another_key()
    {
        var cipherOf = new VolumeCipher(Key);
        var (cipher, seals) = Encrypt(cipherOf, 3, new byte[4096]);
        Refuses(cipherOf, 4, cipher, seals);
        Refuses(new VolumeCipher(VolumeKey.Create()), 3, cipher, seals);
        Assert.True(cipherOf.TryDecrypt(3, cipher, seals));
    }

    [Fact]
    public void No_nonce_is_given_twice_over_threads_subkeys_and_openings()
    {
        // A crash takes back what was written and the next opening writes it again: each opening is an object of its own here.
        var seen = new HashSet<(Salt, uint)>();
        for (var opening = 0; opening < 20; opening++)
        {
            var cipher = new VolumeCipher(Key, blocksPerSubkey: 100);
            var drawn = new System.Collections.Concurrent.ConcurrentBag<(Salt, uint)>();
            Parallel.For(0, 200, new ParallelOptions { MaxDegreeOfParallelism = 4, CancellationToken = TestContext.Current.CancellationToken }, i =>
            {
                var blocks = 1 + (i % 5);
                var (_, seals) = Encrypt(cipher, 9, new byte[blocks * 4096]);
                for (var k = 0; k < blocks; k++)
                {
                    drawn.Add((Seal.SaltOf(SealAt(seals, k)), Seal.CounterOf(SealAt(seals, k))));
                }
            });
            Assert.All(drawn, nonce =>
            {
                Assert.True(seen.Add(nonce), $"nonce {nonce} was given twice");
                Assert.True(nonce.Item2 < 100);
            });
        }

        Assert.Equal(20 * 600, seen.Count);
    }

    [Fact]
    public void The_same_bytes_never_look_the_same_twice()
    {
        var cipher = new VolumeCipher(Key);
        var plain = new byte[4096];
        Array.Fill(plain, (byte)7);
        Assert.NotEqual(Encrypt(cipher, 1, plain).Cipher, Encrypt(cipher, 1, plain).Cipher);
    }

    [Fact]
    public void Blocks_of_more_subkeys_than_are_remembered_can_all_be_read()
    {
        var blocks = Enumerable.Range(0, 1500).Select(i => Encrypt(new VolumeCipher(Key), i, new byte[4096])).ToList();
        var cipher = new VolumeCipher(Key);
        for (var round = 0; round < 2; round++)
        {
            for (var i = 0; i < blocks.Count; i++)
            {
                Assert.True(cipher.TryDecrypt(i, (byte[])blocks[i].Cipher.Clone(), blocks[i].Seals));
            }
        }
    }

    [Fact]
    public void Encrypting_and_decrypting_allocate_nothing()
    {
        var cipher = new VolumeCipher(Key);
        byte[] plain = new byte[4096 * 4], sealedBytes = new byte[4096 * 4], seals = new byte[4 * Seal.Bytes];
        void Once()
        {
            cipher.Encrypt(0, plain, sealedBytes, seals);
            for (var i = 0; i < 4; i++)
            {
                cipher.TryDecrypt(i, sealedBytes.AsSpan(i * 4096, 4096), SealAt(seals, i));
            }
        }

        Once();
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 100; i++)
        {
            Once();
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private static Span<byte> SealAt(byte[] seals, int index) => seals.AsSpan(index * Seal.Bytes, Seal.Bytes);

    private static (byte[] Cipher, byte[] Seals) Encrypt(VolumeCipher cipher, long block, byte[] plain)
    {
        var (into, seals) = (new byte[plain.Length], new byte[plain.Length / 4096 * Seal.Bytes]);
        cipher.Encrypt(block, plain, into, seals);
        return (into, seals);
    }

    private static void Refuses(VolumeCipher cipher, long block, byte[] bytes, byte[] seal)
    {
        var copy = (byte[])bytes.Clone();
        Assert.False(cipher.TryDecrypt(block, copy, seal));
        Assert.Equal(new byte[4096], copy);
    }
}
