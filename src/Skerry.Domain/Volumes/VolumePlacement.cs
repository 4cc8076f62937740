namespace Skerry.Domain.Volumes;

/// <summary>Chooses the backend of a new volume by what its site last said of its backends.</summary>
internal static class VolumePlacement
{
    /// <param name="backends">What the site reported.</param>
    /// <param name="siteName">For messages.</param>
    /// <param name="type">The volume's type; its specs say which backends may hold it.</param>
    /// <param name="wanted">A backend that was asked for; null for any.</param>
    /// <param name="sizeGib">The volume's size.</param>
    /// <param name="isEncrypted">Only backends that encrypt will do.</param>
    /// <param name="maySeeBackends">Whether the message may name backends.</param>
    /// <returns>The name of the fitting backend with the most room.</returns>
    public static Outcome<string> Choose(
        IReadOnlyList<BackendReport> backends, string siteName, VolumeType type, string? wanted, long sizeGib, bool isEncrypted,
        bool maySeeBackends)
    {
        if (backends.Count == 0)
        {
            return new Refusal(
                RefusalKind.Unavailable,
                $"Site {siteName} has not said yet that it has a backend for volumes.",
                "Configure one there, or wait until this site hears of it.",
                "availability_zone");
        }

        var named = wanted is null ? backends : [.. backends.Where(b => b.Name == wanted)];
        if (named.Count == 0)
        {
            return Refusal.Invalid(
                "backend", $"Site {siteName} has no backend {wanted}.", $"Its backends are {string.Join(", ", backends.Select(b => b.Name))}.");
        }

        var fitting = named.Where(b => Fits(b, type) && (!isEncrypted || b.Driver == IVolumeKeys.Driver)).ToList();
        if (fitting.Count == 0)
        {
            var which = maySeeBackends ? $" Its backends are {string.Join(", ", backends.Select(b => $"{b.Name} ({b.Driver})"))}." : "";
            return Refusal.Invalid("volume_type", $"Site {siteName} has no backend for {(isEncrypted ? "encrypted " : "")}volumes of type {type.Name}.{which}");
        }

        var working = fitting.Where(b => b.Error is null).ToList();
        if (working.Count == 0)
        {
            var why = maySeeBackends ? $" Backend {fitting[0].Name}: {fitting[0].Error}" : "";
            return new Refusal(
                RefusalKind.Unavailable, $"No backend of site {siteName} for volumes of type {type.Name} works now.{why}", "Try again later.");
        }

        // A volume takes space as it is written, so what counts is whether the backend could ever hold it.
        var best = working.OrderByDescending(b => b.FreeBytes).ThenBy(b => b.Name, StringComparer.Ordinal).First();
        var largestGib = working.Max(b => b.TotalBytes) / Volume.BytesPerGib;
        return sizeGib <= best.TotalBytes / Volume.BytesPerGib ? best.Name
            : working.FirstOrDefault(b => sizeGib <= b.TotalBytes / Volume.BytesPerGib) is { } larger ? larger.Name
            : new Refusal(
                RefusalKind.Quota,
                $"A volume of {sizeGib} GiB is larger than any backend for it at site {siteName}.",
                $"The largest volume that fits there has {largestGib} GiB.",
                "size");
    }

    private static bool Fits(BackendReport backend, VolumeType type) =>
        (!type.Specs.TryGetValue("driver", out var driver) || driver == backend.Driver)
        && (!type.Specs.TryGetValue("volume_backend_name", out var name) || name == backend.Name);
}
