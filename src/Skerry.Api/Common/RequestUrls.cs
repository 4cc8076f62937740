using Microsoft.AspNetCore.Http;

namespace Skerry.Api.Common;

/// <summary>Addresses in answers: those that the client itself used to get here, so that relays and port mappings do no harm.</summary>
internal static class RequestUrls
{
    public static string BaseUrl(this HttpRequest request) => $"{request.Scheme}://{request.Host.Value}";

    /// <summary>This request's address with one query parameter replaced.</summary>
    public static string WithQuery(this HttpRequest request, string name, string value)
    {
        var query = QueryString.Create(
            request.Query.Where(pair => pair.Key != name).Append(new(name, value)));
        return request.BaseUrl() + request.PathBase + request.Path + query;
    }
}
