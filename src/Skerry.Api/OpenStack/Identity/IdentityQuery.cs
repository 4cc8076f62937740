using Microsoft.AspNetCore.Http;

namespace Skerry.Api.OpenStack.Identity;

/// <summary>Query parameters as the identity service reads them.</summary>
internal static class IdentityQuery
{
    /// <summary>Null when it is not there. There without a value means true.</summary>
    public static bool? Flag(IQueryCollection query, string name) =>
        query.TryGetValue(name, out var value) ? value.ToString().ToLowerInvariant() is not ("0" or "false" or "no" or "off") : null;
}
