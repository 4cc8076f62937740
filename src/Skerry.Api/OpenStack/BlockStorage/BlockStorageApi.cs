using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Skerry.Api.Common;
using Skerry.Domain;

namespace Skerry.Api.OpenStack.BlockStorage;

/// <summary>Block storage v3, by resource; each with and without the project's id in the path.</summary>
internal static class BlockStorageApi
{
    private const string ProjectId = "projectId";

    public static void MapBlockStorage(this IEndpointRouteBuilder app)
    {
        var open = app.MapGroup("/volume").WithMetadata(CinderFaults.Instance, AnonymousMetadata.Instance);
        open.MapRead("/", BlockStorageVersions.Choices);
        open.MapRead("/v3", BlockStorageVersions.ShowV3);
        open.MapUnknown();

        MapResources(app.MapGroup(BlockStorageVersions.Path));
        MapResources(app.MapGroup($"{BlockStorageVersions.Path}/{{{ProjectId}:regex(^[0-9a-f]{{{{32}}}}$)}}"));
    }

    private static void MapResources(RouteGroupBuilder v3)
    {
        v3.WithMetadata(CinderFaults.Instance, BlockStorageVersions.Range);
        v3.AddEndpointFilter(CheckProject);
        v3.MapVolumes();
        v3.MapVolumeActions();
        v3.MapMetadata();
        v3.MapSnapshots();
        v3.MapVolumeTypes();
        v3.MapQosSpecs();
        v3.MapQuotaSets();
        v3.MapPlaces();
        v3.MapEmpty();
        v3.MapUnknown();
    }

    /// <summary>Volumes belong to projects, so the token must be for one, and for the one that the path names.</summary>
    private static async ValueTask<object?> CheckProject(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        var caller = context.HttpContext.Features.Get<Caller>();
        if (caller?.Actor.ProjectId is not { } projectId)
        {
            return new Fault(new Refusal(
                RefusalKind.NotAllowed, "The token has no project.", "Ask for a token with a project as its scope."));
        }

        return context.HttpContext.Request.RouteValues[ProjectId] is string named && named != projectId
            ? new Fault(StatusCodes.Status400BadRequest, "Malformed request url: the token is for another project.")
            : await next(context);
    }
}
