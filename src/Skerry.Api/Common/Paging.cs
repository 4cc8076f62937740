using System.Globalization;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Skerry.Domain;

namespace Skerry.Api.Common;

/// <summary>
/// One page of a list: <c>limit</c> entries at most, beginning after the one whose id is <c>marker</c>.
/// </summary>
/// <param name="Limit">Never above <see cref="MaxLimit"/>, so that no answer grows without bound.</param>
/// <param name="Marker">Null for the first page.</param>
/// <param name="Offset">Entries to skip after the marker.</param>
internal sealed record Paging(int Limit, string? Marker, int Offset)
{
    public const int MaxLimit = 1000;

    public static Outcome<Paging> Of(HttpRequest request)
    {
        if (!TryNumber(request.Query["limit"], MaxLimit, out var limit))
        {
            return Refusal.Invalid("limit", $"limit must be a whole number from 0 up, not '{request.Query["limit"]}'.");
        }

        if (!TryNumber(request.Query["offset"], 0, out var offset))
        {
            return Refusal.Invalid("offset", $"offset must be a whole number from 0 up, not '{request.Query["offset"]}'.");
        }

        string? marker = request.Query["marker"];
        return new Paging(Math.Min(limit, MaxLimit), string.IsNullOrEmpty(marker) ? null : marker, offset);
    }

    /// <summary>Cuts the page out of all entries, and says whether more follow. A marker that is not among them is a refusal.</summary>
    public Outcome<Page<T>> Cut<T>(IReadOnlyList<T> all, Func<T, string> idOf)
    {
        var start = 0;
        if (Marker is not null)
        {
            while (start < all.Count && idOf(all[start]) != Marker)
            {
                start++;
            }

            if (start++ == all.Count)
            {
                return Refusal.Invalid("marker", $"marker [{Marker}] not found");
            }
        }

        start = (int)Math.Min(all.Count, (long)start + Offset);
        var end = Math.Min(all.Count, start + Limit);
        return new Page<T>([.. all.Skip(start).Take(end - start)], end < all.Count && Limit > 0, all.Count);
    }

    private static bool TryNumber(string? text, int fallback, out int number)
    {
        number = fallback;
        return string.IsNullOrEmpty(text) || int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);
    }
}

/// <param name="Entries">Of this page.</param>
/// <param name="HasMore">True when another page follows.</param>
/// <param name="Total">Entries of all pages.</param>
internal sealed record Page<T>(IReadOnlyList<T> Entries, bool HasMore, int Total)
{
    /// <summary>The list as block storage answers it, with a link to the next page when there is one.</summary>
    public JsonObject ToJson(HttpRequest request, string name, Func<T, JsonObject> shape, Func<T, string> idOf)
    {
        var body = new JsonObject { [name] = new JsonArray([.. Entries.Select(shape)]) };
        if (HasMore)
        {
            var next = new JsonObject { ["rel"] = "next", ["href"] = request.WithQuery("marker", idOf(Entries[^1])) };
            body[$"{name}_links"] = new JsonArray(next);
        }

        return body;
    }
}
