namespace Skerry.Domain.Identity;

/// <summary>Names a thing by id, or by name within a domain that is itself named by id or name.</summary>
/// <param name="Id">When given, the rest is not looked at.</param>
/// <param name="Name">Unique within the domain.</param>
/// <param name="DomainId">Of the domain; wins over <paramref name="DomainName"/>.</param>
/// <param name="DomainName">Of the domain.</param>
public sealed record IdentityReference(string? Id = null, string? Name = null, string? DomainId = null, string? DomainName = null)
{
    public override string ToString() => Id ?? Name ?? "";
}

/// <summary>How somebody proves who they are, and what they want a token for.</summary>
/// <param name="User">With <paramref name="Password"/>; null when a token is given.</param>
/// <param name="Password">The user's password.</param>
/// <param name="Token">A valid token of the same user, instead of a password.</param>
/// <param name="Scope">What the token is to be valid for.</param>
public sealed record TokenRequest(IdentityReference? User, string? Password, string? Token, RequestedScope Scope);

/// <summary>What a token is asked for.</summary>
public abstract record RequestedScope
{
    private RequestedScope()
    {
    }

    /// <summary>The user's default project when there is one and it can be used, else nothing.</summary>
    public sealed record Default : RequestedScope;

    /// <summary>Nothing, even where the user has a default project.</summary>
    public sealed record Unscoped : RequestedScope;

    public sealed record ToProject(IdentityReference Project) : RequestedScope;

    public sealed record ToDomain(IdentityReference Domain) : RequestedScope;

    public sealed record ToSystem : RequestedScope;
}

/// <summary>A token that is valid at this moment, with what it stands for as this site's state has it.</summary>
/// <param name="Text">As clients send it.</param>
/// <param name="Claims">What it says by itself.</param>
/// <param name="User">Whom it speaks for.</param>
/// <param name="UserDomain">Of the user.</param>
/// <param name="Project">Of the scope, when that is a project.</param>
/// <param name="ScopeDomain">The domain of the project, or the domain that the scope is.</param>
/// <param name="Roles">In that scope, implied ones included; empty without one.</param>
public sealed record ValidToken(
    string Text,
    TokenClaims Claims,
    User User,
    IdentityDomain UserDomain,
    Project? Project,
    IdentityDomain? ScopeDomain,
    IReadOnlyList<Role> Roles)
{
    /// <summary>Who asks, for every service of the domain.</summary>
    public Actor Actor { get; } = new(User.Name, User.Id, Project?.Id, [.. Roles.Select(role => role.Name)]);
}
