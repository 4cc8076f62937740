using System.Text;
using Skerry.State.Clocks;
using Skerry.State.Merging;
using Skerry.State.Trust;

namespace Skerry.State;

/// <summary>What a replica is told at its start.</summary>
public sealed record ReplicaOptions
{
    /// <summary>The site whose state this is. A store that holds another site's state is refused.</summary>
    public required SiteId Site { get; init; }

    /// <summary>The rules of the fields.</summary>
    public StateSchema Schema { get; init; } = StateSchema.Default;

    /// <summary>CLOCK_OFFSET: how far ahead of its own physical time the site follows stamps that it sees. Zero or above; default zero.</summary>
    public TimeSpan ClockOffset { get; init; } = TimeSpan.Zero;

    /// <summary>clock_limit: stamps of a clock that is off by more than this are marked as unsure. Default ten minutes.</summary>
    public TimeSpan ClockLimit { get; init; } = TimeSpan.FromMinutes(10);

    public ReplicaLimits Limits { get; init; } = new();

    /// <summary>Signs what this site makes; null (default): it makes its mutations without seals.</summary>
    public ISealer? Sealer { get; init; }

    /// <summary>Who has to seal what, of what is taken from others; null (default): nothing is checked.</summary>
    public ISealRules? SealRules { get; init; }
}

/// <summary>Bounds that keep memory and disk finite.</summary>
public sealed record ReplicaLimits
{
    /// <summary>The longest value of a field, in bytes of JSON; default 1 MiB.</summary>
    public int MaxValueBytes { get; init; } = 1 << 20;

    /// <summary>The longest kind, id, field or author, in bytes of UTF-8; default 512.</summary>
    public int MaxNameBytes { get; init; } = 512;

    /// <summary>How much is made durable in one group, in bytes; default 4 MiB. One mutation is always taken whole.</summary>
    public int MaxGroupBytes { get; init; } = 4 << 20;

    /// <summary>The log is cut when it holds more than this, in bytes of mutations; default 64 MiB. A peer further behind takes a snapshot.</summary>
    public long MaxLogBytes { get; init; } = 64L << 20;

    /// <summary>Mutations older than this are cut from the log; default 7 days.</summary>
    public TimeSpan MaxLogAge { get; init; } = TimeSpan.FromDays(7);

    /// <summary>How long settled conflicts are remembered; default 90 days.</summary>
    public TimeSpan ConflictHistoryAge { get; init; } = TimeSpan.FromDays(90);

    internal void Check(EntityKey key, string field, FieldValue value)
    {
        CheckName(key.Kind, "kind");
        CheckName(key.Id, "id");
        CheckName(field, "field");
        if (field[0] == '$') throw new ArgumentException($"Field names that begin with '$' belong to State; '{field}' of {key} cannot be written.", nameof(field));
        if (value.Bytes.Length > MaxValueBytes)
        {
            throw new StateLimitException($"The value of {key} {field} has {value.Bytes.Length} bytes; the limit is {MaxValueBytes}.");
        }
    }

    internal void CheckName(string name, string what)
    {
        ArgumentException.ThrowIfNullOrEmpty(name, what);
        var length = Encoding.UTF8.GetByteCount(name);
        if (length > MaxNameBytes) throw new StateLimitException($"A {what} of {length} bytes is over the limit of {MaxNameBytes}.");
    }
}

/// <summary>Something is larger than State takes. Nothing was written.</summary>
public sealed class StateLimitException(string message) : Exception(message);
