using Skerry.State;
using Skerry.State.Merging;

namespace Skerry.Domain.Quotas;

/// <summary>
/// What one site's share of a hard quota is used for: written by that site alone, in the mutation that makes or grows the volume or the
/// snapshot. It counts until the site itself takes it back, which it does once it knows that the thing is gone; so what is deleted
/// elsewhere frees nothing twice.
/// </summary>
/// <param name="Volumes">1 for a volume that was made, else 0.</param>
/// <param name="Gigabytes">GiB.</param>
/// <param name="Snapshots">1 for a snapshot, else 0.</param>
/// <param name="Pending">GiB that extensions under way will take, by operation; they count.</param>
internal sealed record QuotaCharge(long Volumes, long Gigabytes, long Snapshots, IReadOnlyDictionary<string, long>? Pending = null)
{
    public const string Field = "charge";

    public QuotaAmounts Amounts => new(Volumes, Gigabytes + (Pending?.Values.Sum() ?? 0), Snapshots);

    public static string Prefix(string project) => $"{project}/";

    public static string Prefix(string project, string site) => $"{project}/{site}/";

    public static EntityKey Key(string project, string site, string thing) => new(EntityKinds.QuotaCharge, $"{project}/{site}/{thing}");

    /// <summary>The volume or the snapshot of a charge, and the site that it is charged to.</summary>
    public static (string Site, string Thing) About(string id) =>
        id.Split('/') is [.., var site, var thing] ? (site, thing) : ("", "");

    /// <summary>Null for one that its site did not write.</summary>
    public static QuotaCharge? Read(Entity entity) =>
        entity.Standing(Field) is [var winner, ..] && winner.Site.ToString() == About(entity.Id).Site
            ? entity.Json(Field, QuotasJson.Default.QuotaCharge)
            : null;

    public static IEnumerable<(Entity Entity, QuotaCharge Charge)> Of(StateView state, string prefix) =>
        state.ListByPrefix(EntityKinds.QuotaCharge, prefix).Select(e => (Entity: e, Charge: Read(e))).Where(c => c.Charge is not null)
            .Select(c => (c.Entity, c.Charge!));

    /// <summary>Charges the site more for a thing.</summary>
    /// <param name="transaction">The decision.</param>
    /// <param name="site">The deciding site.</param>
    /// <param name="project">Whose quota.</param>
    /// <param name="thing">The volume's or the snapshot's id.</param>
    /// <param name="more">How much.</param>
    /// <param name="operationId">The extension that <paramref name="more"/> is for; null when it is taken at once.</param>
    public static void Add(ITransaction transaction, string site, string project, string thing, QuotaAmounts more, string? operationId = null)
    {
        var key = Key(project, site, thing);
        transaction.Revive(key);
        var before = StateView.Of(transaction).Find(key.Kind, key.Id) is { } entity && Read(entity) is { } read ? read : new QuotaCharge(0, 0, 0);
        var after = operationId is null
            ? before with { Volumes = before.Volumes + more.Volumes, Gigabytes = before.Gigabytes + more.Gigabytes, Snapshots = before.Snapshots + more.Snapshots }
            : before with { Pending = new Dictionary<string, long>(before.Pending ?? new Dictionary<string, long>()) { [operationId] = more.Gigabytes } };
        Write(transaction, key, after);
    }

    public static void Write(ITransaction transaction, EntityKey key, QuotaCharge charge) =>
        transaction.Set(key, Field, FieldValue.Serialize(charge, QuotasJson.Default.QuotaCharge), DomainSchema.OwnerRank);
}
