namespace Skerry.Client.Native.Login;

/// <summary>Who logs in where, with the words of <c>clouds.yaml</c> and <c>OS_*</c>.</summary>
/// <param name="AuthUrl">Address of identity, with or without its <c>/v3</c>.</param>
public sealed record CloudLogin(Uri AuthUrl)
{
    public string? Username { get; init; }

    public string? UserId { get; init; }

    public string? Password { get; init; }

    /// <summary>Instead of a user and a password.</summary>
    public string? Token { get; init; }

    /// <summary>Name of the user's domain; <c>Default</c> when neither name nor id is given.</summary>
    public string? UserDomainName { get; init; }

    public string? UserDomainId { get; init; }

    public string? ProjectName { get; init; }

    public string? ProjectId { get; init; }

    public string? ProjectDomainName { get; init; }

    public string? ProjectDomainId { get; init; }

    /// <summary>The site to talk to; null for the one at <see cref="AuthUrl"/>, since any site serves the whole cloud.</summary>
    public string? RegionName { get; init; }

    /// <summary>The root of identity v3, without a slash at its end. An address without a path is a site's root.</summary>
    public Uri IdentityRoot
    {
        get
        {
            var url = AuthUrl.AbsolutePath == "/"
                ? AuthUrl.GetLeftPart(UriPartial.Authority) + "/identity"
                : AuthUrl.GetLeftPart(UriPartial.Path).TrimEnd('/');
            return new Uri(url.EndsWith("/v3", StringComparison.Ordinal) ? url : url + "/v3");
        }
    }

    /// <summary>What is in front of <c>/identity/v3</c>: the root of the site's other services.</summary>
    public Uri SiteRoot
    {
        get
        {
            var url = IdentityRoot.AbsoluteUri[..^"/v3".Length];
            return new Uri(url.EndsWith("/identity", StringComparison.Ordinal) ? url[..^"/identity".Length] : url);
        }
    }
}
