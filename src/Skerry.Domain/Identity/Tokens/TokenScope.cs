namespace Skerry.Domain.Identity;

/// <summary>What a token's roles are valid for. The numbers are part of the token format.</summary>
public enum ScopeKind
{
    /// <summary>Says who somebody is, and allows nothing but asking for a scope.</summary>
    Unscoped = 0,
    Project = 1,
    Domain = 2,
    System = 3,
}

/// <param name="Kind">What sort of scope.</param>
/// <param name="Id">Of the project or domain; empty for the others.</param>
public readonly record struct TokenScope(ScopeKind Kind, string Id)
{
    public static TokenScope Unscoped { get; } = new(ScopeKind.Unscoped, "");

    public static TokenScope System { get; } = new(ScopeKind.System, "");

    public static TokenScope Project(string id) => new(ScopeKind.Project, id);

    public static TokenScope Domain(string id) => new(ScopeKind.Domain, id);

    /// <summary>As it stands in the id of an assignment.</summary>
    public override string ToString() => Kind switch
    {
        ScopeKind.Project => $"project:{Id}",
        ScopeKind.Domain => $"domain:{Id}",
        ScopeKind.System => "system:all",
        _ => "unscoped:",
    };
}
