using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Skerry.Api.Common;
using Skerry.Client.Native.Wire;
using Skerry.Domain;
using Skerry.Domain.Sites;

namespace Skerry.Api.Native;

/// <summary>What the host calls to serve <c>/skerry/v1</c>: everything that OpenStack has no word for.</summary>
public static class NativeApi
{
    public const string Root = "/skerry/v1";

    /// <summary>
    /// Adds what the endpoints need of their own. The host adds <c>SiteContext</c> and the services of sites, volumes, snapshots,
    /// connections, replications, recovery, operations and conflicts.
    /// </summary>
    public static IServiceCollection AddSkerryNative(this IServiceCollection services)
    {
        services.TryAddSingleton<SiteLabels>();
        services.ConfigureHttpJsonOptions(options =>
        {
            // Only the OpenAPI document is written with these; the endpoints name the type that they write.
            options.SerializerOptions.PropertyNamingPolicy = System.Text.Json.JsonNamingPolicy.SnakeCaseLower;
            options.SerializerOptions.TypeInfoResolverChain.Insert(0, SkerryJson.Default);
        });
        services.AddOpenApi(options =>
        {
            options.ShouldInclude = description => description.RelativePath?.StartsWith("skerry/v1", StringComparison.Ordinal) == true;
            options.AddDocumentTransformer<NativeDocument>();
        });
        return services;
    }

    public static IEndpointRouteBuilder MapSkerryNative(this IEndpointRouteBuilder app)
    {
        var api = app.MapGroup(Root).WithMetadata(NativeFaults.Instance);
        api.MapGet("/", Version).WithSummary("Show which site answers").Produces<ApiVersionRecord>();
        api.MapSites();
        api.MapVolumes();
        api.MapConnections();
        api.MapRecovery();
        api.MapDrills();
        api.MapSnapshots();
        api.MapReplications();
        api.MapTrash();
        api.MapGroups();
        api.MapPlans();
        api.MapOperations();
        api.MapConflicts();
        api.MapQuotas();
        api.MapAlerts();
        api.MapEvents();
        app.MapOpenApi(Root + "/openapi.json");
        // Without a token nothing is told, not even what there is not.
        api.Map("/{**rest}", NotThere).ExcludeFromDescription();
        return app;
    }

    private static IResult Version(Caller caller, SiteContext site, SiteSettings settings) =>
        Answer.Of(
            new ApiVersionRecord("v1", settings.Version, site.SelfText, site.SiteName, site.Region),
            SkerryJson.Default.ApiVersionRecord);

    /// <summary>A body of a type that no endpoint takes ends here too, since routing leaves those endpoints out.</summary>
    private static Fault NotThere(Caller caller, HttpRequest request) => request is { ContentType: { Length: > 0 } type } && !request.HasJsonContentType()
        ? new Fault(StatusCodes.Status415UnsupportedMediaType, $"The body is {type}; send application/json.")
        : new Fault(Refusal.NotFound("resource", $"{request.Method} {request.Path}"));
}
