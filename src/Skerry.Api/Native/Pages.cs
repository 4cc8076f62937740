using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http;
using Skerry.Api.Common;
using Skerry.Client.Native.Wire;

namespace Skerry.Api.Native;

/// <summary>Lists by <c>limit</c> and <c>marker</c>, with a link to the next page when there is one.</summary>
internal static class Pages
{
    public static IResult Answer<T, TItem, TPage>(
        HttpRequest request,
        IReadOnlyList<T> all,
        Func<T, string> idOf,
        Func<T, TItem> shape,
        Func<IReadOnlyList<TItem>, IReadOnlyList<PageLink>?, TPage> page,
        JsonTypeInfo<TPage> type)
    {
        var paging = Paging.Of(request);
        if (paging.Refusal is { } wrong)
        {
            return new Fault(wrong);
        }

        var cut = paging.Value.Cut(all, idOf);
        if (cut.Refusal is { } noMarker)
        {
            return new Fault(noMarker);
        }

        var entries = cut.Value.Entries;
        IReadOnlyList<PageLink>? links = cut.Value.HasMore
            ? [new PageLink("next", request.WithQuery("marker", idOf(entries[^1])))]
            : null;
        return Native.Answer.Of(page([.. entries.Select(shape)], links), type);
    }
}
