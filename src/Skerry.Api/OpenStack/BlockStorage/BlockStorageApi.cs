using Microsoft.AspNetCore.Routing;
using Skerry.Api.Common;

namespace Skerry.Api.OpenStack.BlockStorage;

/// <summary>Block storage v3, by resource.</summary>
internal static class BlockStorageApi
{
    public static void MapBlockStorage(this IEndpointRouteBuilder app)
    {
    }
}
