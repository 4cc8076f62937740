using System.Net.WebSockets;
using Skerry.State.Clocks;

namespace Skerry.Domain.Sites;

/// <summary>Opens connections to other sites, with both ends proved by their pinned certificates.</summary>
public interface ISiteDialer
{
    /// <summary>Opens a WebSocket to a path of the site's sync listener. The caller owns it.</summary>
    /// <exception cref="IOException">The site has no known address, cannot be reached, or is not who it should be; the message says which.</exception>
    ValueTask<WebSocket> ConnectAsync(SiteId site, string path, CancellationToken cancellationToken);
}
