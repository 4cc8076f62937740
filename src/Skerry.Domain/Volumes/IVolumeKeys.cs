namespace Skerry.Domain.Volumes;

/// <summary>
/// The keys of a backend's encrypted volumes. A key is stored wrapped for the site that holds the volume, and leaves it only wrapped for
/// another site.
/// </summary>
public interface IVolumeKeys
{
    /// <summary>The one driver that encrypts; a remote site is asked for it by name.</summary>
    const string Driver = "native";

    /// <summary>
    /// The volume's key as only the site with that certificate can open it, as text. <paramref name="present"/> is answered when it is
    /// that already.
    /// </summary>
    /// <param name="volumeId">An encrypted volume of this backend.</param>
    /// <param name="certificatePem">The certificate of the site that shall be able to open it.</param>
    /// <param name="present">What was wrapped for that site before; null for nothing.</param>
    /// <exception cref="DriverException">NotFound; Mismatch for a volume whose key is not here, or that has none; Failed.</exception>
    string WrapFor(string volumeId, string certificatePem, string? present);

    /// <summary>Why an encrypted volume of this backend can be neither read nor written here; null when it can.</summary>
    string? WhyLocked(string volumeId);
}
