namespace Skerry.Domain.Identity;

/// <summary>A domain holds users and projects; names are unique within it.</summary>
public sealed record IdentityDomain(string Id, string Name, string Description, bool IsEnabled);

/// <summary>What owns volumes.</summary>
/// <param name="Name">As everyone may use it: see <see cref="UniqueNames"/>.</param>
/// <param name="WantedName">As it was written; differs from <paramref name="Name"/> when an older project has that name.</param>
public sealed record Project(string Id, string DomainId, string Name, string WantedName, string Description, bool IsEnabled);

/// <summary>Who can log in.</summary>
/// <param name="Name">As everyone may use it: see <see cref="UniqueNames"/>.</param>
/// <param name="WantedName">As it was written; differs from <paramref name="Name"/> when an older user has that name.</param>
/// <param name="DefaultProjectId">The scope of a login that asks for none.</param>
public sealed record User(
    string Id,
    string DomainId,
    string Name,
    string WantedName,
    string Description,
    string? Email,
    string? DefaultProjectId,
    bool IsEnabled);

/// <summary>A name for what one may do.</summary>
public sealed record Role(string Id, string Name, string Description);

/// <summary>A user holds a role in a scope.</summary>
public sealed record RoleAssignment(string UserId, string RoleId, TokenScope Scope);
