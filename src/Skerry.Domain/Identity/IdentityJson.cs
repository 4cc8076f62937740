using System.Text.Json.Serialization;

namespace Skerry.Domain.Identity;

/// <summary>Field values of identity that are more than a text or a number.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(PasswordHash))]
internal sealed partial class IdentityJson : JsonSerializerContext;
