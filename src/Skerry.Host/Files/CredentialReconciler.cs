using Skerry.Domain;
using Skerry.Domain.Sites;
using Skerry.State;

namespace Skerry.Host.Files;

/// <summary>
/// Keeps what lies in the data directory for clients true. Credentials of a cloud that the site has left by joining another are moved
/// aside, never deleted: <c>cloud-id</c> says which cloud those beside it are for. <c>cloud.crt</c> holds the certificates of all sites,
/// so that one login reaches every endpoint of the catalog.
/// </summary>
/// <remarks><c>cloud-id</c> is written last, so a step that is killed is done again as a whole.</remarks>
internal sealed class CredentialReconciler(Replica replica, DataDirectory directory) : IReconciler
{
    public const string CloudIdFile = "cloud-id";

    public const string TrustFile = "cloud.crt";

    /// <summary>What the name of a file that counts no more ends with.</summary>
    public const string Aside = ".before-join";

    public string Name => "credentials";

    public IReadOnlyCollection<string> Kinds { get; } = [EntityKinds.Cloud, EntityKinds.Site];

    public ValueTask<StepResult> StepAsync(CancellationToken cancellationToken)
    {
        KeepTrust();
        if (CloudIdentity.Of(replica) is not { } cloud)
        {
            return ValueTask.FromResult(StepResult.Done);
        }

        var known = Read(CloudIdFile)?.Trim();
        if (known == cloud)
        {
            return ValueTask.FromResult(StepResult.Done);
        }

        var moved = known is null ? [] : MoveAside();
        directory.WritePrivate(CloudIdFile, $"{cloud}\n");
        return ValueTask.FromResult(moved.Count == 0
            ? StepResult.Done
            : StepResult.Done.With(new StepReport(
                $"This site is now a member of cloud {cloud}. {string.Join(" and ", moved)} in {directory.Path} were for the cloud that it was "
                + $"before and count no more; they are kept as *{Aside}. Log in with the credentials of the cloud: those of the site that invited this one.")));
    }

    private void KeepTrust()
    {
        var trust = string.Concat(CloudIdentity.CertificatesOf(replica).Select(pem => $"{pem.TrimEnd()}\n"));
        if (trust.Length > 0 && trust != Read(TrustFile))
        {
            directory.WritePrivate(TrustFile, trust);
        }
    }

    private List<string> MoveAside()
    {
        var moved = new List<string>();
        foreach (var name in CredentialFiles.Names.Where(n => File.Exists(directory.PathOf(n))))
        {
            File.Move(directory.PathOf(name), directory.PathOf(name + Aside), overwrite: true);
            moved.Add(name);
        }

        return moved;
    }

    private string? Read(string name) => File.Exists(directory.PathOf(name)) ? File.ReadAllText(directory.PathOf(name)) : null;
}
