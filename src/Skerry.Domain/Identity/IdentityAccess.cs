namespace Skerry.Domain.Identity;

/// <summary>Who may see and change identity: administrators everything, everyone themselves.</summary>
internal static class IdentityAccess
{
    /// <param name="actor">Who asks.</param>
    /// <param name="action">As the identity service's policy names it, such as <c>identity:list_users</c>.</param>
    public static Refusal? RequireAdmin(Actor actor, string action) => actor.IsAdmin
        ? null
        : new Refusal(
            RefusalKind.NotAllowed, $"You are not authorized to perform the requested action: {action}.", "Ask an administrator.");
}
