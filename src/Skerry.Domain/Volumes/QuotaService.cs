#pragma warning disable CS9113 // The bodies follow.
namespace Skerry.Domain.Volumes;

/// <summary>What projects may have: 10 volumes, 1000 GiB and 10 snapshots unless an administrator says otherwise.</summary>
public sealed class QuotaService(SiteContext site)
{
    public Outcome<ProjectQuota> Show(Actor actor, string projectId) => throw new NotImplementedException();

    /// <summary>The limits of a project that nobody has set any for.</summary>
    public ProjectQuota Defaults(string projectId) => throw new NotImplementedException();

    public ValueTask<Outcome<ProjectQuota>> SetAsync(
        Actor actor, string projectId, QuotaChange change, CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>Back to the defaults.</summary>
    public ValueTask<Outcome<Unit>> ResetAsync(Actor actor, string projectId, CancellationToken cancellationToken) =>
        throw new NotImplementedException();
}
