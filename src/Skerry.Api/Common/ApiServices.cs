using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Skerry.Api.OpenStack.Identity;
using Skerry.Domain.Identity;
using Skerry.Domain.Sessions;
using Skerry.Domain.Volumes;

namespace Skerry.Api.Common;

/// <summary>What the host calls to serve the APIs.</summary>
public static class ApiServices
{
    /// <summary>
    /// The services of identity. The host adds <c>SiteContext</c>, <see cref="TokenKey"/> and the services of volumes.
    /// </summary>
    public static IServiceCollection AddSkerryApi(this IServiceCollection services)
    {
        services.TryAddSingleton<TokenOptions>();
        services.TryAddSingleton(_ => new PasswordVerifier());
        services.TryAddSingleton<TokenService>();
        services.TryAddSingleton<SessionService>();
        services.TryAddSingleton<UserService>();
        services.TryAddSingleton<ProjectService>();
        services.TryAddSingleton<DomainService>();
        services.TryAddSingleton<RoleService>();
        services.TryAddSingleton<AssignmentService>();
        services.TryAddSingleton<AttachmentService>();
        services.TryAddSingleton<CatalogService>();
        services.TryAddSingleton<GrantNames>();
        services.TryAddSingleton<IdentityBootstrap>();
        services.TryAddSingleton<TokenKeyReconciler>();
        services.TryAddSingleton<RevocationReconciler>();
        return services;
    }

    /// <summary>Tokens, versions, request ids and errors for every endpoint of the APIs. Goes after routing, before the endpoints.</summary>
    public static IApplicationBuilder UseSkerryApi(this IApplicationBuilder app) => app.UseMiddleware<ApiMiddleware>();
}
