namespace Skerry.Domain.Identity;

/// <summary>The kinds of entity that identity keeps. A kind is a contract between sites and is never renamed.</summary>
public static class IdentityKinds
{
    public const string Domain = "domain";
    public const string Project = "project";
    public const string User = "user";
    public const string Role = "role";

    /// <summary>Id: <c>user/scope kind:scope id/role</c>, so that the same grant made at two sites is one entity.</summary>
    public const string Assignment = "assignment";

    /// <summary>Id: the token's id. Gone again when the token would have expired anyway.</summary>
    public const string Revocation = "revocation";
}
