using Skerry.State.Merging;

namespace Skerry.Domain.Sites;

/// <summary>Who may say together that a site is lost. Part of the cloud's state, so that all sites count by one rule.</summary>
/// <param name="Sites">Names of the witnesses.</param>
/// <param name="Quorum">So many of them must say so; from 1 to all.</param>
/// <param name="AfterSeconds">A witness says so when it has not heard the site for so long.</param>
public sealed record WitnessRule(IReadOnlyList<string> Sites, int Quorum, double AfterSeconds)
{
    public const double DefaultAfterSeconds = 60;

    internal const string Field = "witnesses";

    /// <summary>Null when the cloud has none: then only a person says that a site has failed.</summary>
    internal static WitnessRule? Of(StateView state) =>
        state.Find(EntityKinds.Cloud, EntityKinds.Cloud)?.Json(Field, SitesJson.Default.WitnessRule) is { Quorum: > 0, Sites: not null } rule ? rule : null;

    /// <summary>The ids of those that are sites of the cloud, each once.</summary>
    internal IReadOnlyList<string> Ids(StateView state) =>
        [.. state.List(EntityKinds.Site).Where(s => Sites.Contains(s.Text(SiteFields.Name, s.Id))).Select(s => s.Id)];
}

/// <summary>A witness has not heard a site: written by the witness alone, renewed while it is so, taken back when it is not.</summary>
/// <param name="SinceAt">When the witness last heard it, by the witness's clock; for people to read.</param>
/// <param name="Renewal">Counts the renewals.</param>
internal sealed record SuspicionVote(string SinceAt, long Renewal)
{
    public const string Field = "vote";

    /// <summary>How often a vote that stands is renewed.</summary>
    public static readonly TimeSpan RenewEvery = TimeSpan.FromMinutes(1);

    /// <summary>A vote that was not renewed for so long counts no more, in elapsed time at the site that counts.</summary>
    public static readonly TimeSpan Life = RenewEvery * 3;

    public static EntityKey Key(string witness, string subject) => new(EntityKinds.Suspicion, $"{witness}~{subject}");
}
