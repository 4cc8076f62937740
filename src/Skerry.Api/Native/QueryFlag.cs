using Skerry.Domain;

namespace Skerry.Api.Native;

/// <summary>True or false in a query. Endpoints take them as text, so that anything else is refused in words.</summary>
internal static class QueryFlag
{
    public static Outcome<bool> Parse(string name, string? text) => text?.ToLowerInvariant() switch
    {
        null or "" or "false" or "0" => false,
        "true" or "1" => true,
        _ => Refusal.Invalid(name, $"{name} must be true or false, not '{text}'."),
    };
}
