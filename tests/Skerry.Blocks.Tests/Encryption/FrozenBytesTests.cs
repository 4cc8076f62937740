using System.Security.Cryptography;
using Skerry.Blocks.Encryption;
using Skerry.Blocks.Log;

namespace Skerry.Blocks.Tests.Encryption;

/// <summary>What earlier versions wrapped, encrypted and logged must still open: docs/formats/volume.md.</summary>
public sealed class FrozenBytesTests
{
    [Fact]
    public void A_key_a_block_and_an_entry_of_version_1_still_open()
    {
        using var holder = KeyHolder.FromPem(Pem);
        var wrapped = WrappedKey.Parse(Wrapped)!;
        var key = holder.Open(wrapped)!;
        Assert.Equal(KeyId, key.Id);
        ReadOnlySpan<byte> entries = Convert.FromBase64String(EntryBytes);
        var entry = EntryCodec.Read(ref entries);
        Assert.Equal(0, entries.Length);
        Assert.Equal((3u, 7L, 11L, 1L), (entry.Volume, entry.Number, entry.FirstBlock, entry.Blocks));
        Assert.True(entry.IsSealed && entry.OutsideHistory);
        Span<byte> seal = stackalloc byte[Seal.Bytes];
        entry.CopySeals(0, seal);

        // The block holds 0x42 throughout; encrypted as the seal says, it is what it was then.
        var (plain, block) = (new byte[4096], new byte[4096]);
        Array.Fill(plain, (byte)0x42);
        var cipher = new VolumeCipher(key);
        Assert.True(cipher.TryEncryptAgain(11, plain, block, seal));
        Assert.Equal(CiphertextSha256, Convert.ToHexStringLower(SHA256.HashData(block)));
        Assert.Equal(entry.CrcAt(0), Crc32C.Of(block));
        Assert.True(cipher.TryDecrypt(11, block, seal));
        Assert.Equal(plain, block);
    }

    private const string Pem = """
        -----BEGIN PRIVATE KEY-----
        MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg6PmZg8ely8/PhW5n
        drrQ+pbJcGKE4JXKSvzB139xBNqhRANCAATYxoO0AY9Jy5P7kjhz/exTeLaDVtEY
        mA8ryvOoJ8ZN9WW0LTL9JEK5rrKgWhQhstoNCMMPiqEtszarRD8MbHHF
        -----END PRIVATE KEY-----
        """;

    private const string KeyId = "f41f8d201e0ad129968186485455f6a0";
    private const string Wrapped = "AfQfjSAeCtEploGGSFRV9qBzpkSRHTj8QlF20APsTTJ3BMHqag16jUbzQ1OAKgPOwyHjWCaQsHN+p+foqch7B0UI3bUkQ/Ur/ETLfaHUV1uaQfM+SOhu+g6Pp2/gVoTSwW2yOt2AD9kkcc18zDOXPDP8uJwWRLEChrQEjKnkSjY093RNl+bmCG7iodk3EMCmygw=";
    private const string EntryBytes = "AQUAAAMAAAAHAAAAAAAAAAsAAAAAAAAAAQAAAMBi3kbiDMnFCMx5ANsATJcBAAAAsgJllIQBcI0KX1lKZx7nVw==";
    private const string CiphertextSha256 = "46cd9f91d2f19f5ec7cf0fcf7fb9285bce2a30d4a4af6d4a0c26959a5db30f0b";
}
