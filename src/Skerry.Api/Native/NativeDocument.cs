using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace Skerry.Api.Native;

/// <summary>What the document says of the API as a whole.</summary>
internal sealed class NativeDocument : IOpenApiDocumentTransformer
{
    public Task TransformAsync(OpenApiDocument document, OpenApiDocumentTransformerContext context, CancellationToken cancellationToken)
    {
        document.Info.Title = "Skerry";
        document.Info.Version = "v1";
        document.Info.Description =
            "Sites, volumes, replications, recovery, operations and conflicts. Requests carry a token of /identity/v3 in X-Auth-Token; "
            + "any site answers for the whole cloud, from what it knows. Errors are {\"error\": {\"code\", \"kind\", \"message\", "
            + "\"next_step\", \"field\"}}.";
        document.Components ??= new OpenApiComponents();
        document.Components.SecuritySchemes ??= new Dictionary<string, IOpenApiSecurityScheme>();
        document.Components.SecuritySchemes["token"] = new OpenApiSecurityScheme
        {
            Type = SecuritySchemeType.ApiKey,
            In = ParameterLocation.Header,
            Name = Common.Caller.TokenHeader,
        };
        document.Security = [new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference("token", document)] = [] }];
        return Task.CompletedTask;
    }
}
