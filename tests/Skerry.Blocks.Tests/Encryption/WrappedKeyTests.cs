using System.Security.Cryptography;
using Skerry.Blocks.Encryption;

namespace Skerry.Blocks.Tests.Encryption;

public sealed class WrappedKeyTests : IDisposable
{
    private readonly ECDsa _site = ECDsa.Create(ECCurve.NamedCurves.nistP256), _other = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly VolumeKey _key = VolumeKey.Create();

    public void Dispose()
    {
        _site.Dispose();
        _other.Dispose();
    }

    [Fact]
    public void Its_holder_opens_it_and_nobody_else_does()
    {
        using var holder = new KeyHolder(_site);
        using var stranger = new KeyHolder(_other);
        using var publicHalf = ECDsa.Create(_site.ExportParameters(false));
        var wrapped = WrappedKey.Read(WrappedKey.For(publicHalf, _key).Bytes.Span)!;
        Assert.Equal((_key.Id, holder.Id), (wrapped.KeyId, wrapped.HolderId));
        Assert.True(holder.Open(wrapped)!.Secret.SequenceEqual(_key.Secret));
        Assert.Null(stranger.Open(wrapped));
    }

    [Fact]
    public void A_holder_is_the_same_from_its_file()
    {
        using var holder = new KeyHolder(_site);
        using var fromFile = KeyHolder.FromPem(_site.ExportPkcs8PrivateKeyPem());
        Assert.Equal(holder.Id, fromFile.Id);
        Assert.Equal(_key.Id, fromFile.Open(holder.Wrap(_key))!.Id);
        Assert.Throws<CryptographicException>(() => KeyHolder.FromPem("no key"));
    }

    [Fact]
    public void The_key_is_not_in_it_and_no_two_wrappings_are_alike()
    {
        using var holder = new KeyHolder(_site);
        var (one, two) = (holder.Wrap(_key).Bytes, holder.Wrap(_key).Bytes);
        Assert.False(one.Span.SequenceEqual(two.Span));
        Assert.Equal(-1, one.Span.IndexOf(_key.Secret));
    }

    [Fact]
    public void No_bit_of_it_can_be_changed_unnoticed()
    {
        using var holder = new KeyHolder(_site);
        var bytes = holder.Wrap(_key).Bytes.ToArray();
        for (var at = 0; at < bytes.Length; at++)
        {
            var bad = (byte[])bytes.Clone();
            bad[at] ^= (byte)(1 << (at % 8));
            Assert.True(WrappedKey.Read(bad) is not { } read || holder.Open(read) is null, $"byte {at} was changed");
        }

        Assert.Null(WrappedKey.Read(bytes.AsSpan(1)));
    }

    [Fact]
    public void Keys_on_other_curves_are_refused()
    {
        using var big = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        Assert.Throws<CryptographicException>(() => WrappedKey.For(big, _key));
        Assert.Throws<CryptographicException>(() => new KeyHolder(big));
    }
}
