using System.Text.Json.Serialization;

namespace Skerry.Domain.Volumes;

/// <summary>What a site says of one of its backends, in the field <c>backends</c> of its <c>site</c> entity.</summary>
/// <param name="Name">The backend's name in that site's configuration.</param>
/// <param name="Driver">The driver's name.</param>
/// <param name="TotalBytes">All of its space.</param>
/// <param name="FreeBytes">What is free for new data.</param>
/// <param name="AllocatedBytes">What its volumes take.</param>
/// <param name="ReportsAt">When this was true, as <see cref="Instants"/> writes it.</param>
/// <param name="Error">Why it cannot be used now; null when it can.</param>
/// <param name="LiveBytes">Of the allocated bytes, those in use when that was last looked up; null where nobody looks.</param>
/// <param name="DeadBytes">Of the allocated bytes, those that nothing uses any more; they count as free.</param>
/// <param name="ReplicationTargets"><c>SITE@BACKEND</c>, separated by commas: the only places that its volumes may be replicated to; null for any.</param>
public sealed record BackendReport(
    string Name, string Driver, long TotalBytes, long FreeBytes, long AllocatedBytes, string ReportsAt, string? Error = null,
    string? ReplicationTargets = null, long? LiveBytes = null, long? DeadBytes = null)
{
    public const string Field = "backends";

    /// <summary>When to act, before writes fail.</summary>
    [JsonIgnore]
    public BackendFullness Fullness => BackendFullness.Of(this);

    /// <summary>What is known here of the backends of a site; empty when it has told nothing yet.</summary>
    public static IReadOnlyList<BackendReport> Of(StateView state, string siteId) =>
        state.Find(EntityKinds.Site, siteId)?.Json(Field, DomainJson.Default.ListBackendReport) ?? [];
}
