namespace Skerry.Domain.Sites;

/// <summary>How a joiner speaks to the site that invited it, before either is a peer of the other.</summary>
public interface IJoinChannel
{
    /// <summary>Posts to the inviter over TLS, presenting this site's certificate and taking only the server with the pinned one.</summary>
    /// <param name="address">HOST:PORT.</param>
    /// <param name="certificatePin">SHA-256 of the certificate that the server must have.</param>
    /// <param name="path">On the sync listener.</param>
    /// <param name="body">At most 64 KiB.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <exception cref="IOException">It cannot be reached, or it is another server; the message says which.</exception>
    ValueTask<JoinAnswer> PostAsync(
        string address, string certificatePin, string path, ReadOnlyMemory<byte> body, CancellationToken cancellationToken);
}

/// <summary>An answer; the stream is the body, read to its end by the caller, who disposes it.</summary>
public sealed record JoinAnswer(int StatusCode, Stream Body);
