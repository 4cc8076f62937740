namespace Skerry.Domain.Replication;

/// <summary>Where this site's configuration lets the volumes of its backends be replicated to.</summary>
/// <param name="ByBackend"><c>SITE@BACKEND</c> by the name of this site's backend; one that is missing or has none may go anywhere.</param>
public sealed record ReplicationTargets(IReadOnlyDictionary<string, IReadOnlyList<string>> ByBackend)
{
    public static ReplicationTargets Any { get; } = new(new Dictionary<string, IReadOnlyList<string>>(StringComparer.Ordinal));

    /// <summary>As the site reports it to others: separated by commas; null for any.</summary>
    internal string? Of(string backend) =>
        ByBackend.TryGetValue(backend, out var targets) && targets.Count > 0 ? string.Join(',', targets) : null;
}
