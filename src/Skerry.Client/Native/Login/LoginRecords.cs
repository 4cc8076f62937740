using System.Text.Json.Serialization;

namespace Skerry.Client.Native.Login;

// The part of identity v3's POST /auth/tokens that the client needs:
// https://docs.openstack.org/api-ref/identity/v3/#authentication-and-token-management

internal sealed record TokenRequest(AuthPart Auth);

internal sealed record AuthPart(IdentityPart Identity, ScopePart? Scope);

internal sealed record IdentityPart(IReadOnlyList<string> Methods, PasswordPart? Password, TokenPart? Token);

internal sealed record PasswordPart(UserPart User);

internal sealed record TokenPart(string Id);

internal sealed record UserPart(string? Id, string? Name, DomainPart? Domain, string Password);

internal sealed record DomainPart(string? Id, string? Name);

internal sealed record ScopePart(ProjectPart Project);

internal sealed record ProjectPart(string? Id, string? Name, DomainPart? Domain);

internal sealed record TokenReply(TokenBody Token);

internal sealed record TokenBody(DateTimeOffset? ExpiresAt, NamedRef? Project, NamedRef? User, IReadOnlyList<CatalogEntry>? Catalog);

internal sealed record NamedRef(string Id, string? Name);

internal sealed record CatalogEntry(string Type, string? Name, IReadOnlyList<CatalogEndpoint>? Endpoints);

internal sealed record CatalogEndpoint(string Interface, string? Region, string? RegionId, string Url);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(TokenRequest))]
[JsonSerializable(typeof(TokenReply))]
internal sealed partial class LoginJson : JsonSerializerContext;
