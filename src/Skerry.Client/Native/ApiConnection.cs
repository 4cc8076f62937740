using System.Text.Json.Serialization.Metadata;
using Skerry.Client.Native.Login;
using Skerry.Client.Native.Wire;

namespace Skerry.Client.Native;

/// <summary>Requests to one site with a token. Safe for use by several threads.</summary>
/// <remarks>Throws <see cref="RefusedException"/>, <see cref="UnreachableException"/>, <see cref="UnexpectedReplyException"/> or <see cref="LoginException"/>.</remarks>
public sealed class ApiConnection(HttpClient http, LoginSession session, SessionCarrier? carrier = null)
{
    public ValueTask<Access> AccessAsync(CancellationToken cancellationToken) => session.AccessAsync(cancellationToken);

    internal Task<T> GetAsync<T>(Service service, string path, JsonTypeInfo<T> reply, CancellationToken cancellationToken) =>
        SendAsync(service, HttpMethod.Get, path, null, reply, cancellationToken);

    internal Task<TReply> SendAsync<TBody, TReply>(
        Service service,
        HttpMethod method,
        string path,
        TBody body,
        JsonTypeInfo<TBody> bodyType,
        JsonTypeInfo<TReply> reply,
        CancellationToken cancellationToken) =>
        SendAsync(service, method, path, () => JsonBody.Of(body, bodyType), reply, cancellationToken);

    internal async Task<T> SendAsync<T>(
        Service service,
        HttpMethod method,
        string path,
        Func<HttpContent>? content,
        JsonTypeInfo<T> reply,
        CancellationToken cancellationToken)
    {
        using var response = await SendAsync(service, method, path, content, cancellationToken);
        return await Exchange.ReadAsync(response, reply, cancellationToken);
    }

    /// <summary>For requests whose reply has no body.</summary>
    internal async Task SendAsync(Service service, HttpMethod method, string path, CancellationToken cancellationToken)
    {
        using var response = await SendAsync(service, method, path, null, cancellationToken);
    }

    /// <summary>An accepted response; the caller disposes of it.</summary>
    internal async Task<HttpResponseMessage> SendAsync(
        Service service, HttpMethod method, string path, Func<HttpContent>? content, CancellationToken cancellationToken)
    {
        var access = await session.AccessAsync(cancellationToken);
        var carried = carrier?.Token;
        for (var renewed = false; ;)
        {
            using var request = new HttpRequestMessage(method, Root(access, service).AbsoluteUri.TrimEnd('/') + path);
            request.Headers.Add("X-Auth-Token", access.Token);
            request.Content = content?.Invoke();
            carrier?.AddTo(request, carried);
            var response = await Exchange.SendAsync(http, request, cancellationToken);
            try
            {
                await Exchange.EnsureAcceptedAsync(response, cancellationToken);
                carrier?.Take(response, carried);
                return response;
            }
            catch (RefusedException e) when (carried is not null && carrier!.GoesOnWithout(response, e.Error))
            {
                response.Dispose();
                carried = null;
            }
            catch (RefusedException e) when (e.Error.Code == 401 && !renewed && session.Login.Token is null)
            {
                response.Dispose();
                access = await session.RenewAsync(access, cancellationToken);
                renewed = true;
            }
            catch
            {
                response.Dispose();
                throw;
            }
        }
    }

    /// <summary>Follows <c>next</c> links until there are no more.</summary>
    internal async Task<IReadOnlyList<TItem>> ListAsync<TPage, TItem>(
        Service service,
        string path,
        JsonTypeInfo<TPage> pageType,
        Func<TPage, (IReadOnlyList<TItem> Items, IReadOnlyList<PageLink>? Links)> read,
        CancellationToken cancellationToken)
    {
        var all = new List<TItem>();
        for (var next = path; next is not null;)
        {
            var (items, links) = read(await GetAsync(service, next, pageType, cancellationToken));
            all.AddRange(items);
            var href = links?.FirstOrDefault(link => link.Rel == "next")?.Href;
            // Only the query of the link is taken: the way to the site is the caller's, which may lead through a relay.
            next = href is null || items.Count == 0 ? null : path.Split('?')[0] + new Uri(new Uri("http://site"), href).Query;
        }

        return all;
    }

    private static Uri Root(Access access, Service service) => service switch
    {
        Service.Skerry => access.Skerry,
        Service.Volume => access.Volume,
        _ => access.Identity,
    };
}

internal enum Service
{
    Skerry,
    Volume,
    Identity,
}
