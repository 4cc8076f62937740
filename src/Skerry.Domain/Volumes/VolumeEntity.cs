using Skerry.State;
using Skerry.State.Merging;

namespace Skerry.Domain.Volumes;

/// <summary>The field names of volumes and snapshots, and the writes that more than one place makes.</summary>
internal static class VolumeEntity
{
    public const string Status = "status";
    public const string ErrorReason = "error_reason";
    public const string SizeGib = "size_gib";
    public const string Backend = "backend";
    public const string Encrypted = "encrypted";
    public const string AllocatedBytes = "allocated_bytes";

    /// <summary>The volume that this one is a drill of: it is no volume of its project's, and is never replicated.</summary>
    public const string DrillOf = "drill_of";

    public static EntityKey Key(string volumeId) => new(EntityKinds.Volume, volumeId);

    public static EntityKey SnapshotKey(string snapshotId) => new(EntityKinds.Snapshot, snapshotId);

    /// <summary>What the owner says of a volume or a snapshot.</summary>
    public static void WriteStatus(ITransaction transaction, EntityKey key, string status, string? errorReason)
    {
        transaction.SetIfDifferent(key, Status, FieldValue.FromString(status), DomainSchema.OwnerRank);
        transaction.SetIfDifferent(key, ErrorReason, FieldValue.FromString(errorReason), DomainSchema.OwnerRank);
    }

    /// <summary>Writes what a request says of a volume's or a snapshot's name, description and metadata, or says why it cannot be and writes nothing.</summary>
    public static Refusal? Describe(
        ITransaction transaction, EntityKey key, IReadOnlyDictionary<string, string> presentMetadata, UpdateVolumeRequest request)
    {
        var metadata = VolumeRules.ChangesMetadata(request) ? VolumeRules.Apply(presentMetadata, request) : null;
        if (VolumeRules.Metadata(metadata) is { } tooMuch)
        {
            return tooMuch;
        }

        if (request.Name is not null)
        {
            transaction.Set(key, "name", request.Name);
        }

        if (request.Description is not null)
        {
            transaction.Set(key, "description", request.Description);
        }

        if (metadata is not null)
        {
            WriteMetadata(transaction, key, metadata);
        }

        return null;
    }

    public static void WriteMetadata(ITransaction transaction, EntityKey key, IReadOnlyDictionary<string, string> metadata) =>
        transaction.Set(key, "metadata", FieldValue.Serialize(new(metadata), DomainJson.Default.DictionaryStringString));

    public static IReadOnlyDictionary<string, string> ReadMetadata(Entity entity) =>
        entity.Json("metadata", DomainJson.Default.DictionaryStringString) ?? [];

    /// <summary>When any of these fields was last written; measurements do not count as changes.</summary>
    public static DateTimeOffset? ChangedAt(Entity entity, params ReadOnlySpan<string> fields)
    {
        DateTimeOffset? last = null;
        foreach (var field in fields)
        {
            if (entity.Standing(field) is [var winner, ..] && (last is null || winner.Stamp.Time > last))
            {
                last = winner.Stamp.Time;
            }
        }

        return last;
    }
}
