using Skerry.Domain.Identity;
using Skerry.Domain.Sites;
using Skerry.Domain.Volumes;
using Skerry.Host.Configuration;
using Skerry.Host.Files;

namespace Skerry.Host.Wiring;

/// <summary>
/// Makes what a site needs before it can serve: its own entities, and at the first start the administrator. The password is on disk
/// before it counts, so a crash in between leaves no cloud that nobody can enter.
/// </summary>
internal static class FirstStart
{
    private const string PasswordFile = "admin-password.new";

    public static async Task RunAsync(
        IServiceProvider services, SiteConfiguration site, DataDirectory directory, CancellationToken cancellationToken)
    {
        await services.GetRequiredService<SiteRegistration>().EnsureAsync(cancellationToken);
        await services.GetRequiredService<VolumeTypeService>().EnsureDefaultsAsync([.. site.Backends.Select(b => b.Driver).Distinct()], cancellationToken);
        var identity = services.GetRequiredService<IdentityBootstrap>();
        if (!identity.IsNeeded)
        {
            return;
        }

        var kept = directory.PathOf(PasswordFile);
        var password = site.AdminPassword ?? (File.Exists(kept) ? await File.ReadAllTextAsync(kept, cancellationToken) : identity.NewPassword());
        directory.WritePrivate(PasswordFile, password);
        CredentialFiles.Write(directory, site, password, directory.PathOf(CredentialReconciler.TrustFile));
        var outcome = await identity.RunAsync(password, cancellationToken);
        if (outcome.Refusal is { } refusal)
        {
            throw new StartException($"the first start could not make the administrator: {refusal}");
        }

        File.Delete(kept);
    }
}
