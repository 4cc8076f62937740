namespace Skerry.Domain;

/// <summary>Who asks: a person with a token, or a part of the daemon itself.</summary>
/// <param name="Name">Shown in conflicts, operations and logs.</param>
/// <param name="UserId">Null for parts of the daemon.</param>
/// <param name="ProjectId">The project of the token's scope; null when it has none.</param>
/// <param name="Roles">Names of the roles in that scope, implied ones included.</param>
public sealed record Actor(string Name, string? UserId, string? ProjectId, IReadOnlyCollection<string> Roles)
{
    /// <summary>True for a holder of <c>admin</c> and for the daemon itself: sees sites, backends and driver data.</summary>
    public bool IsAdmin => UserId is null || Roles.Contains("admin");

    /// <summary>May change what its project owns.</summary>
    public bool IsMember => IsAdmin || Roles.Contains("member");

    /// <summary>A part of the daemon, by the name of its reconciler.</summary>
    public static Actor System(string name) => new(name, null, null, []);

    /// <summary>True when a thing of this project may be seen at all; else it must look as if it did not exist.</summary>
    public bool MaySee(string? projectId) => IsAdmin || (projectId is not null && projectId == ProjectId);
}
