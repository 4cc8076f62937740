namespace Skerry.Client.Native.Login;

/// <summary>Logs in at the first request, and once more when a token is refused, since a long wait may outlive it.</summary>
public sealed class LoginSession(HttpClient http, CloudLogin login) : IDisposable
{
    private readonly SemaphoreSlim _gate = new(1, 1);
    private Access? _access;

    public CloudLogin Login => login;

    public async ValueTask<Access> AccessAsync(CancellationToken cancellationToken)
    {
        if (Volatile.Read(ref _access) is { } known)
        {
            return known;
        }

        return await RenewAsync(refused: null, cancellationToken);
    }

    /// <summary>Logs in again unless another request has done so since <paramref name="refused"/> was handed out.</summary>
    internal async ValueTask<Access> RenewAsync(Access? refused, CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken);
        try
        {
            if (_access is null || ReferenceEquals(_access, refused))
            {
                _access = await IssueAsync(cancellationToken);
            }

            return _access;
        }
        finally
        {
            _gate.Release();
        }
    }

    public void Dispose() => _gate.Dispose();

    private async Task<Access> IssueAsync(CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, login.IdentityRoot.AbsoluteUri + "/auth/tokens");
        request.Content = JsonBody.Of(new TokenRequest(new AuthPart(Identity(), Scope())), LoginJson.Default.TokenRequest);
        using var response = await Exchange.SendAsync(http, request, cancellationToken);
        await Exchange.EnsureAcceptedAsync(response, cancellationToken);
        var body = (await Exchange.ReadAsync(response, LoginJson.Default.TokenReply, cancellationToken)).Token;
        var token = response.Headers.TryGetValues("X-Subject-Token", out var values) ? values.First() : null;
        if (token is null)
        {
            throw new UnexpectedReplyException(request.RequestUri!, "it issued a token without the header X-Subject-Token");
        }

        return Place(token, body);
    }

    private IdentityPart Identity()
    {
        if (login.Token is { } token)
        {
            return new IdentityPart(["token"], null, new TokenPart(token));
        }

        var domain = login.UserId is null ? Domain(login.UserDomainId, login.UserDomainName) : null;
        return new IdentityPart(
            ["password"], new PasswordPart(new UserPart(login.UserId, login.Username, domain, login.Password ?? "")), null);
    }

    private ScopePart? Scope()
    {
        if (login.ProjectId is { } id)
        {
            return new ScopePart(new ProjectPart(id, null, null));
        }

        return login.ProjectName is { } name
            ? new ScopePart(new ProjectPart(null, name, Domain(login.ProjectDomainId, login.ProjectDomainName)))
            : null;
    }

    private static DomainPart Domain(string? id, string? name) =>
        id is not null ? new DomainPart(id, null) : new DomainPart(null, name ?? "Default");

    private Access Place(string token, TokenBody body)
    {
        if (login.RegionName is not { } region)
        {
            var root = login.SiteRoot.AbsoluteUri.TrimEnd('/');
            return new Access(
                token, body.Project?.Id, body.User?.Id, new Uri(root + "/skerry/v1"), new Uri(root + "/volume/v3"), login.IdentityRoot);
        }

        var catalog = body.Catalog ?? [];
        var skerry = Endpoint(catalog, region, "skerry") ?? throw new LoginException(UnknownRegion(catalog, region));
        var site = skerry[..skerry.LastIndexOf("/skerry", StringComparison.Ordinal)];
        return new Access(
            token, body.Project?.Id, body.User?.Id, new Uri(skerry), new Uri(site + "/volume/v3"), new Uri(site + "/identity/v3"));
    }

    private static string? Endpoint(IReadOnlyList<CatalogEntry> catalog, string region, string type)
    {
        var url = catalog.Where(entry => entry.Type == type)
            .SelectMany(entry => entry.Endpoints ?? [])
            .FirstOrDefault(e => e.Interface == "public" && (e.RegionId ?? e.Region) == region)?.Url.TrimEnd('/');
        return url is not null && url.Contains("/skerry", StringComparison.Ordinal) ? url : null;
    }

    private static string UnknownRegion(IReadOnlyList<CatalogEntry> catalog, string region)
    {
        var regions = catalog.Where(entry => entry.Type == "skerry").SelectMany(entry => entry.Endpoints ?? [])
            .Select(e => e.RegionId ?? e.Region).OfType<string>().Distinct().Order().ToList();
        return regions.Count == 0
            ? $"The catalog has no service of type skerry, so the region {region} cannot be found. Is the identity service at this address a Skerry site?"
            : $"The catalog has no region {region}; it has {string.Join(", ", regions)}.";
    }
}
