namespace Skerry.Domain.Volumes;

/// <summary>What names, descriptions and metadata may be; the bounds are Cinder's.</summary>
internal static class VolumeRules
{
    public const int MaxText = 255;
    public const int MaxMetadataItems = 128;
    public const long MaxSizeGib = int.MaxValue;

    public static Refusal? Text(string field, string? value) =>
        value is null || value.Length <= MaxText
            ? null
            : Refusal.Invalid(field, $"{field} has {value.Length} characters.", $"Give at most {MaxText}.");

    public static Refusal? Metadata(IReadOnlyDictionary<string, string>? metadata)
    {
        if (metadata is null)
        {
            return null;
        }

        if (metadata.Count > MaxMetadataItems)
        {
            return Refusal.Invalid("metadata", $"There are {metadata.Count} metadata items.", $"Give at most {MaxMetadataItems}.");
        }

        foreach (var (key, value) in metadata)
        {
            if (key.Length is 0 or > MaxText)
            {
                return Refusal.Invalid("metadata", $"The metadata key '{key}' has {key.Length} characters.", $"Give 1 to {MaxText}.");
            }

            if (value.Length > MaxText)
            {
                return Refusal.Invalid(
                    "metadata", $"The value of metadata key {key} has {value.Length} characters.", $"Give at most {MaxText}.");
            }
        }

        return null;
    }

    /// <summary>What can be said of a change before what it changes is known.</summary>
    public static Refusal? Check(UpdateVolumeRequest request) =>
        Text("name", request.Name) ?? Text("description", request.Description) ?? Metadata(request.SetMetadata);

    public static Refusal? Size(string field, long sizeGib) =>
        sizeGib is > 0 and <= MaxSizeGib
            ? null
            : Refusal.Invalid(field, $"{sizeGib} GiB is no size for a volume.", $"Give a whole number of GiB from 1 to {MaxSizeGib}.");

    public static Refusal NotAllowed(Actor actor, string what) => new(
        RefusalKind.NotAllowed, $"The roles of {actor.Name} do not allow {what}.", "Ask an administrator for the role member.");

    public static Refusal AdministratorsOnly(Actor actor, string what) => new(
        RefusalKind.NotAllowed, $"{actor.Name} may not {what}; that takes the role admin.");

    /// <summary>
    /// What a tenant reads in place of a driver's words, which name backends and files; null stays null. Why a deletion waits is for who
    /// asked for it.
    /// </summary>
    public static string? PublicReason(string status, string? errorReason) =>
        errorReason is null || status == VolumeStatus.Deleting ? errorReason : "It failed at its site. Its operation says as much as a tenant may know; an administrator sees more.";

    /// <summary>The metadata after the request's changes.</summary>
    public static IReadOnlyDictionary<string, string> Apply(IReadOnlyDictionary<string, string> present, UpdateVolumeRequest request)
    {
        var changed = request.ReplaceMetadata ? [] : new Dictionary<string, string>(present, StringComparer.Ordinal);
        foreach (var key in request.RemoveMetadata ?? [])
        {
            changed.Remove(key);
        }

        foreach (var (key, value) in request.SetMetadata ?? new Dictionary<string, string>())
        {
            changed[key] = value;
        }

        return changed;
    }

    public static bool ChangesMetadata(UpdateVolumeRequest request) =>
        request.ReplaceMetadata || request.SetMetadata is not null || request.RemoveMetadata is not null;
}
