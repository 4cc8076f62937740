using System.Security.Cryptography;
using System.Text;

namespace Skerry.Domain.Identity;

/// <summary>
/// Ids that every site derives by itself, so that sites which started apart mean the same role, project and user by them.
/// </summary>
public static class WellKnown
{
    public const string DefaultDomainId = "default";
    public const string DefaultDomainName = "Default";

    public const string AdminRole = "admin";
    public const string MemberRole = "member";
    public const string ReaderRole = "reader";

    /// <summary>The roles that are always there, the most powerful first; each implies those after it.</summary>
    public static IReadOnlyList<string> Roles { get; } = [AdminRole, MemberRole, ReaderRole];

    public static string AdminProjectId { get; } = Derive("project/admin");

    public static string AdminUserId { get; } = Derive("user/admin");

    public static string RoleId(string name) => Derive($"role/{name}");

    /// <summary>32 hexadecimal digits that depend on <paramref name="path"/> alone.</summary>
    public static string Derive(string path) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"skerry/identity/{path}")).AsSpan(0, 16));
}
