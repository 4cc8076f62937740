using Skerry.Sync.Transport;

namespace Skerry.Sync.Tests;

public sealed class CertificateTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("skerry-cert-").FullName;

    [Fact]
    public void A_site_keeps_its_certificate_and_its_key_is_for_its_owner_alone()
    {
        using var first = SiteCertificate.LoadOrCreate(_directory, "north", ["north.example"], TimeProvider.System);
        using var second = SiteCertificate.LoadOrCreate(_directory, "north", ["north.example"], TimeProvider.System);

        Assert.Equal(first.Pin, second.Pin);
        Assert.True(second.Certificate.HasPrivateKey);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(_directory, "site.key")));
        Assert.DoesNotContain("PRIVATE", File.ReadAllText(Path.Combine(_directory, "site.crt")), StringComparison.Ordinal);
    }

    [Fact]
    public void A_crash_between_key_and_certificate_is_made_up_for_with_the_same_key()
    {
        using var first = SiteCertificate.LoadOrCreate(_directory, "north", [], TimeProvider.System);
        File.Delete(Path.Combine(_directory, "site.crt"));

        using var second = SiteCertificate.LoadOrCreate(_directory, "north", [], TimeProvider.System);

        Assert.Equal(first.Certificate.GetPublicKeyString(), second.Certificate.GetPublicKeyString());
    }

    public void Dispose() => Directory.Delete(_directory, recursive: true);
}
