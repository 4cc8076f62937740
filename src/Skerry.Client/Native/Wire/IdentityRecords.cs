using System.Text.Json.Serialization;

namespace Skerry.Client.Native.Wire;

// What the client needs of identity v3 and block storage v3:
// https://docs.openstack.org/api-ref/identity/v3/ and https://docs.openstack.org/api-ref/block-storage/v3/

public sealed record UserRecord(
    string Id, string Name, string? DomainId, string? DefaultProjectId, string? Email, string? Description, bool? Enabled);

public sealed record UserReply(UserRecord User);

public sealed record UserList(IReadOnlyList<UserRecord> Users);

/// <summary>To create a user, or to change one: a null is left out of the request and leaves the value as it is.</summary>
public sealed record UserRequest(
    string? Name, string? DomainId, string? DefaultProjectId, string? Email, string? Description, string? Password, bool? Enabled);

public sealed record UserRequestBody(UserRequest User);

public sealed record ProjectRecord(string Id, string Name, string? DomainId, string? Description, bool? Enabled);

public sealed record ProjectReply(ProjectRecord Project);

public sealed record ProjectList(IReadOnlyList<ProjectRecord> Projects);

public sealed record ProjectRequest(string? Name, string? DomainId, string? Description, bool? Enabled);

public sealed record ProjectRequestBody(ProjectRequest Project);

public sealed record RoleRecord(string Id, string Name);

public sealed record RoleList(IReadOnlyList<RoleRecord> Roles);

public sealed record VolumeTypeRecord(string Id, string Name, string? Description, bool? IsPublic, IReadOnlyDictionary<string, string>? ExtraSpecs);

public sealed record VolumeTypeList([property: JsonPropertyName("volume_types")] IReadOnlyList<VolumeTypeRecord> VolumeTypes);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(UserReply))]
[JsonSerializable(typeof(UserList))]
[JsonSerializable(typeof(UserRequestBody))]
[JsonSerializable(typeof(ProjectReply))]
[JsonSerializable(typeof(ProjectList))]
[JsonSerializable(typeof(ProjectRequestBody))]
[JsonSerializable(typeof(RoleList))]
[JsonSerializable(typeof(VolumeTypeList))]
internal sealed partial class IdentityJson : JsonSerializerContext;
