using Skerry.Client.Native;
using Skerry.Client.Native.Wire;

namespace Skerry.Cli;

/// <summary>Finds what a name or an id stands for. An id is tried first; a name that several things have is an error that lists them.</summary>
internal sealed class Names(Func<SkerryClient> client)
{
    public Task<VolumeRecord> VolumeAsync(string wanted, CancellationToken cancellationToken) => FindAsync(
        "volume",
        wanted,
        id => client().Volumes.ShowAsync(id, cancellationToken),
        name => client().Volumes.ListAsync(name, null, null, allProjects: false, cancellationToken),
        volume => (volume.Id, volume.Name));

    public Task<SnapshotRecord> SnapshotAsync(string wanted, CancellationToken cancellationToken, string? volumeId = null) => FindAsync(
        "snapshot",
        wanted,
        id => client().Snapshots.ShowAsync(id, cancellationToken),
        name => client().Snapshots.ListAsync(name, volumeId, allProjects: false, cancellationToken),
        snapshot => (snapshot.Id, snapshot.Name));

    public Task<UserRecord> UserAsync(string wanted, CancellationToken cancellationToken) => FindAsync(
        "user",
        wanted,
        id => client().Users.ShowAsync(id, cancellationToken),
        name => client().Users.ListAsync(name, cancellationToken),
        user => (user.Id, user.Name));

    public Task<ProjectRecord> ProjectAsync(string wanted, CancellationToken cancellationToken) => FindAsync(
        "project",
        wanted,
        id => client().Projects.ShowAsync(id, cancellationToken),
        name => client().Projects.ListAsync(name, cancellationToken),
        project => (project.Id, project.Name));

    public async Task<SiteRecord> SiteAsync(string wanted, CancellationToken cancellationToken)
    {
        var sites = await client().Sites.ListAsync(cancellationToken);
        return One("site", wanted, sites, site => (site.Id, site.Name), $"The sites are {string.Join(", ", sites.Select(site => site.Name))}.");
    }

    /// <summary>By its own id, or by the volume's name or id when that has one replication.</summary>
    public async Task<ReplicationRecord> ReplicationAsync(string wanted, CancellationToken cancellationToken)
    {
        var all = await client().Replications.ListAsync(null, cancellationToken);
        return All(wanted, all) ?? One(
            "replication",
            wanted,
            all,
            r => (r.Id, r.VolumeId == wanted ? wanted : r.VolumeName),
            "`skerry replication list` shows all.");

        static ReplicationRecord? All(string wanted, IReadOnlyList<ReplicationRecord> all) => all.FirstOrDefault(r => r.Id == wanted);
    }

    private static async Task<T> FindAsync<T>(
        string noun,
        string wanted,
        Func<string, Task<T>> show,
        Func<string, Task<IReadOnlyList<T>>> list,
        Func<T, (string Id, string? Name)> read)
    {
        if (Guid.TryParse(wanted, out _))
        {
            try
            {
                return await show(wanted);
            }
            catch (RefusedException e) when (e.Error.Code == 404)
            {
                // A thing may be named like an id.
            }
        }

        return One(noun, wanted, await list(wanted), read, $"`skerry {noun} list` shows what there is.");
    }

    private static T One<T>(
        string noun, string wanted, IReadOnlyList<T> all, Func<T, (string Id, string? Name)> read, string nextStep)
    {
        var found = all.Where(item => read(item).Id == wanted).Take(1).ToList();
        if (found.Count == 0)
        {
            found = [.. all.Where(item => read(item).Name == wanted)];
        }

        return found.Count switch
        {
            1 => found[0],
            0 => throw new NotFoundException($"There is no {noun} with the name or id {wanted}.", nextStep),
            _ => throw new UsageException(
                $"{found.Count} {noun}s are called {wanted}: {string.Join(", ", found.Select(item => read(item).Id))}.", "Give the id of the one that is meant."),
        };
    }
}
