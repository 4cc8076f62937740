using System.Net.WebSockets;

namespace Skerry.Movers.Native;

/// <summary>Opens an authenticated link to the replica endpoint of another site.</summary>
public interface IReplicaDialer
{
    /// <summary>
    /// A connected WebSocket whose other end has proved to be <paramref name="site"/> (a site id) and serves
    /// <see cref="NativeReplicaEndpoint"/>. The caller disposes it.
    /// </summary>
    /// <exception cref="IOException">The site cannot be reached, or is not who it should be; the message says which.</exception>
    ValueTask<WebSocket> ConnectAsync(string site, CancellationToken cancellationToken);
}
