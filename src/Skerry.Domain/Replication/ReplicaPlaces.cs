using Skerry.Domain.Volumes;
using Skerry.State.Merging;

namespace Skerry.Domain.Replication;

/// <summary>At which backend of a site a volume's replica can be, by what the sites reported of their backends.</summary>
internal static class ReplicaPlaces
{
    /// <summary>The most replicas of one volume.</summary>
    public const int Most = 8;

    /// <param name="state">As this site knows it.</param>
    /// <param name="volume">The one to be replicated.</param>
    /// <param name="from">Where its data comes from, whose configuration may name the only places that it may go to.</param>
    /// <param name="target">The site of the replica, its id and its name.</param>
    /// <param name="wantedBackend">A backend's name there; null takes the site's only one, or the one of the volume's.</param>
    public static Outcome<string> Choose(
        StateView state, Entity volume, ReplicationEnd from, (string Site, string Name) target, string? wantedBackend)
    {
        var backends = BackendReport.Of(state, target.Site).Where(b => b.Driver == "native").ToList();
        if (backends.Count == 0)
        {
            return new Refusal(
                RefusalKind.Unavailable,
                $"Nothing is known here of a native backend at site {target.Name}.",
                "Wait until the site has reported its backends, or add one to its configuration.");
        }

        if (BackendReport.Of(state, from.Site).FirstOrDefault(b => b.Name == from.Backend)?.ReplicationTargets?.Split(',') is { } places)
        {
            backends.RemoveAll(b => !places.Contains($"{target.Name}@{b.Name}"));
            if (backends.Count == 0 || (wantedBackend is { } asked && backends.TrueForAll(b => b.Name != asked)))
            {
                return Refusal.Invalid(
                    wantedBackend is null ? "target_site" : "target_backend",
                    $"Volumes of backend {volume.Text("backend")} may be replicated to {string.Join(", ", places)} only.",
                    "Name one of these, or have valid_replication_devices changed in the configuration of the volume's site.");
            }
        }

        var names = string.Join(", ", backends.Select(b => b.Name));
        var backend = wantedBackend is { } wanted
            ? backends.FirstOrDefault(b => b.Name == wanted)
            : backends.Count == 1 ? backends[0] : backends.FirstOrDefault(b => b.Name == volume.Text("backend"));
        if (backend is null)
        {
            return wantedBackend is null
                ? Refusal.Invalid("target_backend", $"Site {target.Name} has several native backends.", $"Name one of {names}.")
                : Refusal.Invalid("target_backend", $"Site {target.Name} has no native backend {wantedBackend}.", $"It has {names}.");
        }

        var sizeBytes = (volume.Integer("size_gib") ?? 0) << 30;
        return sizeBytes > backend.TotalBytes
            ? new Refusal(
                RefusalKind.Quota,
                $"The volume has {sizeBytes} bytes, and backend {backend.Name} at site {target.Name} {backend.TotalBytes} in all.",
                "Choose a larger backend.", "target_backend")
            : backend.Name;
    }
}
