using Microsoft.AspNetCore.Routing;
using Skerry.Api.OpenStack.BlockStorage;
using Skerry.Api.OpenStack.Identity;
using Skerry.Api.OpenStack.Image;

namespace Skerry.Api.OpenStack;

/// <summary>The part of the HTTP surface that OpenStack's clients know.</summary>
public static class OpenStackApi
{
    /// <summary>Version discovery at <c>/</c>, identity v3 at <c>/identity</c>, block storage v3 at <c>/volume</c>, images at <c>/image</c>.</summary>
    public static IEndpointRouteBuilder MapOpenStack(this IEndpointRouteBuilder app)
    {
        app.MapRoot();
        app.MapIdentity();
        app.MapBlockStorage();
        app.MapImage();
        return app;
    }
}
