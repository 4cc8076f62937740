using Skerry.State;

namespace Skerry.Domain.Identity;

/// <summary><c>admin</c> implies <c>member</c>, <c>member</c> implies <c>reader</c>; every other role implies nothing.</summary>
public static class RoleImplication
{
    /// <summary>The names of the roles that <paramref name="role"/> implies directly or through others, nearest first.</summary>
    public static IReadOnlyList<string> ImpliedBy(Role role)
    {
        var place = IndexOf(role);
        return place < 0 ? [] : [.. WellKnown.Roles.Skip(place + 1)];
    }

    internal static IReadOnlyList<Role> Expand(IReadOnlyList<Role> given, Replica replica)
    {
        var all = given.ToDictionary(role => role.Id, StringComparer.Ordinal);
        foreach (var role in given)
        {
            foreach (var name in ImpliedBy(role))
            {
                if (replica.FindRole(WellKnown.RoleId(name)) is { } implied)
                {
                    all.TryAdd(implied.Id, implied);
                }
            }
        }

        return [.. all.Values.OrderBy(role => IndexOf(role) is var place and >= 0 ? place : int.MaxValue).ThenBy(role => role.Name, StringComparer.Ordinal)];
    }

    /// <summary>By id, so that somebody's own role of that name gains no power.</summary>
    private static int IndexOf(Role role)
    {
        for (var i = 0; i < WellKnown.Roles.Count; i++)
        {
            if (WellKnown.RoleId(WellKnown.Roles[i]) == role.Id)
            {
                return i;
            }
        }

        return -1;
    }
}
