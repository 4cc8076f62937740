namespace Skerry.Domain.Identity;

/// <summary>A user to be made.</summary>
/// <param name="Name">Unique in its domain, 1 to 255 characters.</param>
/// <param name="DomainId">Null for the default domain.</param>
/// <param name="Password">Null for a user who cannot log in yet.</param>
public sealed record NewUser(
    string Name,
    string? DomainId = null,
    string? Password = null,
    string? Description = null,
    string? Email = null,
    string? DefaultProjectId = null,
    bool IsEnabled = true);

/// <summary>What is to change of a user; null leaves it as it is, an empty text clears it.</summary>
public sealed record UserChanges(
    string? Name = null,
    string? Password = null,
    string? Description = null,
    string? Email = null,
    string? DefaultProjectId = null,
    bool? IsEnabled = null);

/// <summary>Which users to list; null takes all.</summary>
public sealed record UserFilter(string? DomainId = null, string? Name = null, bool? IsEnabled = null);
