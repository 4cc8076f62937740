using System.Buffers.Text;
using Skerry.State.Merging;

namespace Skerry.Domain.Identity;

/// <summary>
/// Makes what must be there before anybody can log in: the domain <c>Default</c>, the project and user <c>admin</c>, the three roles.
/// Ids are derived, so two sites that started apart mean the same things by them.
/// </summary>
public sealed class IdentityBootstrap(SiteContext site, PasswordVerifier passwords)
{
    /// <summary>True until the first start has been completed. Only then does the configured password count.</summary>
    public bool IsNeeded => site.Replica.Find(new EntityKey(IdentityKinds.User, WellKnown.AdminUserId)) is null;

    /// <summary>
    /// A password for an administrator who gave none. Keep it in a file that is on disk before <see cref="RunAsync"/> is called, or a
    /// crash in between would leave a cloud whose password nobody knows.
    /// </summary>
    public string NewPassword()
    {
        Span<byte> secret = stackalloc byte[18];
        site.Ids.FillSecret(secret);
        return Base64Url.EncodeToString(secret);
    }

    /// <summary>All of it in one mutation; does nothing when it was done before.</summary>
    public async ValueTask<Outcome<Unit>> RunAsync(string adminPassword, CancellationToken cancellationToken)
    {
        if (!IsNeeded)
        {
            return default(Unit);
        }

        if (IdentityText.CheckPassword("admin_password", adminPassword) is { } refusal)
        {
            return refusal;
        }

        var password = await passwords.HashAsync(adminPassword, cancellationToken);
        return await site.DecideAsync<Outcome<Unit>>(
            Actor.System("bootstrap"),
            transaction =>
            {
                var user = new EntityKey(IdentityKinds.User, WellKnown.AdminUserId);
                if (transaction.Find(user) is not null)
                {
                    return default(Unit);
                }

                var domain = new EntityKey(IdentityKinds.Domain, WellKnown.DefaultDomainId);
                transaction.Set(domain, "name", FieldValue.FromString(WellKnown.DefaultDomainName));
                transaction.Set(domain, "description", FieldValue.FromString("The default domain"));
                transaction.Set(domain, "enabled", FieldValue.From(true));

                var project = new EntityKey(IdentityKinds.Project, WellKnown.AdminProjectId);
                transaction.Set(project, "name", FieldValue.FromString("admin"));
                transaction.Set(project, "domain_id", FieldValue.FromString(WellKnown.DefaultDomainId));
                transaction.Set(project, "description", FieldValue.FromString("The administrators' project"));
                transaction.Set(project, "enabled", FieldValue.From(true));

                transaction.Set(user, "name", FieldValue.FromString("admin"));
                transaction.Set(user, "domain_id", FieldValue.FromString(WellKnown.DefaultDomainId));
                transaction.Set(user, "enabled", FieldValue.From(true));
                transaction.Set(user, "default_project_id", FieldValue.FromString(WellKnown.AdminProjectId));
                transaction.Set(user, "password", FieldValue.Serialize(password, IdentityJson.Default.PasswordHash));

                foreach (var name in WellKnown.Roles)
                {
                    transaction.Set(new EntityKey(IdentityKinds.Role, WellKnown.RoleId(name)), "name", FieldValue.FromString(name));
                }

                var admin = WellKnown.RoleId(WellKnown.AdminRole);
                foreach (var scope in new[]
                         {
                             TokenScope.Project(WellKnown.AdminProjectId),
                             TokenScope.Domain(WellKnown.DefaultDomainId),
                             TokenScope.System,
                         })
                {
                    AssignmentService.Grant(transaction, new RoleAssignment(WellKnown.AdminUserId, admin, scope));
                }

                return default(Unit);
            },
            cancellationToken);
    }
}
