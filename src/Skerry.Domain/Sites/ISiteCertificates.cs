namespace Skerry.Domain.Sites;

/// <summary>The certificate with which this site proves itself, and the one that is to follow it. All in PEM, without keys.</summary>
public interface ISiteCertificates
{
    /// <summary>In use by every connection that is opened now.</summary>
    string CurrentPem { get; }

    /// <summary>The site's first, whose key never changes: keys of volumes are wrapped for it.</summary>
    string KeyPem { get; }

    /// <summary>Null when none is prepared.</summary>
    string? NextPem { get; }

    /// <summary>Makes the next one with a fresh key, unless there is one; durable when it returns.</summary>
    /// <exception cref="IOException">It cannot be written.</exception>
    string PrepareNext();

    /// <summary>Puts the next one in the place of the current one; durable when it returns. Open connections stay as they are.</summary>
    /// <exception cref="IOException">It cannot be written.</exception>
    void Promote();
}
