using Microsoft.AspNetCore.Http;
using Skerry.Api.Common;
using Skerry.Domain;

namespace Skerry.Api.OpenStack.BlockStorage;

/// <summary>The query of a list: the page, the order, and filters by name; what is none of these is refused, not ignored.</summary>
internal sealed record ListQuery(
    Paging Paging, IReadOnlyDictionary<string, string> Filters, bool AllProjects, bool WithCount, IReadOnlyList<(string Key, bool Descending)> Sort)
{
    private static readonly string[] Reserved =
        ["limit", "marker", "offset", "sort", "sort_key", "sort_dir", "with_count", "all_tenants", "all_projects"];

    public string? this[string filter] => Filters.GetValueOrDefault(filter);

    /// <param name="request">Whose query it is.</param>
    /// <param name="version">Of the request; counting came with 3.45.</param>
    /// <param name="filters">The names of filters that this list knows.</param>
    /// <param name="sortKeys">The names of fields that this list can be sorted by.</param>
    public static Outcome<ListQuery> Of(
        HttpRequest request, Microversion version, IReadOnlyCollection<string> filters, IReadOnlyCollection<string> sortKeys)
    {
        var paging = Paging.Of(request);
        if (paging.Refusal is { } wrongPage)
        {
            return wrongPage;
        }

        var given = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, value) in request.Query)
        {
            if (Reserved.Contains(name))
            {
                continue;
            }

            if (!filters.Contains(name))
            {
                return Refusal.Invalid(name, $"Invalid filters {name} are found in query options.", $"Use {string.Join(", ", filters)}.");
            }

            given[name] = value.ToString();
        }

        var sort = SortOf(request.Query, sortKeys);
        return sort.Refusal is { } wrongSort
            ? wrongSort
            : new ListQuery(
                paging.Value,
                given,
                Flag(request.Query, "all_tenants") || Flag(request.Query, "all_projects"),
                version.IsAtLeast(45) && Flag(request.Query, "with_count"),
                sort.Value);
    }

    private static Outcome<IReadOnlyList<(string Key, bool Descending)>> SortOf(
        IQueryCollection query, IReadOnlyCollection<string> sortKeys)
    {
        var sort = new List<(string, bool)>();
        var words = query.ContainsKey("sort")
            ? query["sort"].ToString().Split(',', StringSplitOptions.RemoveEmptyEntries)
            : query["sort_key"].ToString() is { Length: > 0 } key ? [$"{key}:{query["sort_dir"]}"] : [];
        foreach (var word in words)
        {
            var parts = word.Split(':', StringSplitOptions.TrimEntries);
            var direction = parts.Length > 1 && parts[1].Length > 0 ? parts[1] : "desc";
            if (parts.Length > 2 || !sortKeys.Contains(parts[0]) || direction is not ("asc" or "desc"))
            {
                return Refusal.Invalid(
                    "sort", $"'{word}' cannot be sorted by.", $"Use one of {string.Join(", ", sortKeys)}, then :asc or :desc.");
            }

            sort.Add((parts[0], direction == "desc"));
        }

        return Outcome<IReadOnlyList<(string, bool)>>.Of(sort);
    }

    private static bool Flag(IQueryCollection query, string name) =>
        query[name].ToString().ToLowerInvariant() is "1" or "true" or "yes" or "on" or "t" or "y";

    /// <summary>Sorts by the first key, then by the next where that is equal; as it came where nothing was asked.</summary>
    public IReadOnlyList<T> Order<T>(IEnumerable<T> entries, Func<T, string, IComparable?> fieldOf)
    {
        IOrderedEnumerable<T>? ordered = null;
        foreach (var (key, descending) in Sort)
        {
            IComparable? Field(T entry) => fieldOf(entry, key);
            ordered = (ordered, descending) switch
            {
                (null, true) => entries.OrderByDescending(Field),
                (null, false) => entries.OrderBy(Field),
                (_, true) => ordered!.ThenByDescending(Field),
                _ => ordered!.ThenBy(Field),
            };
        }

        return [.. ordered ?? entries];
    }
}
