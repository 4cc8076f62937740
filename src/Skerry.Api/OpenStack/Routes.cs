using System.Diagnostics.CodeAnalysis;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Skerry.Api.Common;

namespace Skerry.Api.OpenStack;

/// <summary>Ways to map that OpenStack's services share.</summary>
internal static class Routes
{
    private static readonly string[] Read = [HttpMethods.Get, HttpMethods.Head];

    /// <summary>GET, and HEAD with the same headers and no body.</summary>
    public static IEndpointConventionBuilder MapRead(
        this IEndpointRouteBuilder routes, [StringSyntax("Route")] string pattern, Delegate handler) =>
        routes.MapMethods(pattern, Read, handler);

    /// <summary>Words for paths that nobody serves.</summary>
    public static void MapUnknown(this RouteGroupBuilder routes) =>
        routes.Map("/{**rest}", (RequestDelegate)(context =>
            new Fault(StatusCodes.Status404NotFound, "The resource could not be found.").ExecuteAsync(context)));
}
