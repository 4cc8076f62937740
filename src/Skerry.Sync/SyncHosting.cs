using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Skerry.Sync.Transport.WebSockets;

namespace Skerry.Sync;

/// <summary>How the host puts sync on its web server.</summary>
public static class SyncHosting
{
    /// <summary>Maps <see cref="SyncNode.Path"/>. Needs <see cref="SyncNode"/> and its <see cref="Transport.PinTable"/> as services.</summary>
    public static IEndpointConventionBuilder MapSkerrySync(this IEndpointRouteBuilder endpoints)
    {
        var node = endpoints.ServiceProvider.GetRequiredService<SyncNode>();
        return endpoints.MapSite(SyncNode.Path, node.AcceptAsync);
    }
}
