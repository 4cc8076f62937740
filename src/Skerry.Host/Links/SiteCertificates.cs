using Skerry.Domain.Sites;
using Skerry.Sync.Transport;

namespace Skerry.Host.Links;

/// <summary>What Domain asks of the site's certificate, answered by Sync's.</summary>
internal sealed class SiteCertificates(SiteCertificate certificate) : ISiteCertificates
{
    public string CurrentPem => certificate.Pem;

    public string KeyPem => certificate.First.ExportCertificatePem();

    public string? NextPem => certificate.NextPem;

    public string PrepareNext() => certificate.PrepareNext();

    public void Promote() => certificate.Promote();
}
