using System.Text.Json.Serialization;
using Skerry.State;
using Skerry.State.Merging;

namespace Skerry.Domain.Quotas;

/// <summary>What one site wrote of the shares of one limit. Only that site writes it, and no number in it ever shrinks.</summary>
/// <param name="Minted">By the limit's home: how much there is to share out.</param>
/// <param name="Burned">By the home: how much of it was taken out again, since the limit was lowered.</param>
/// <param name="Given">To other sites, by their id.</param>
/// <param name="Taken">By the home: from sites that a person made sure write nothing any more.</param>
/// <param name="Ask">To have something at hand, the site would like to have received so much, counted since the beginning.</param>
/// <param name="Need">So much it should have received to grant what it refused.</param>
internal sealed record ShareCells(
    long Minted, long Burned, IReadOnlyDictionary<string, long> Given, IReadOnlyDictionary<string, long> Taken, long Ask, long Need)
{
    public static ShareCells Empty { get; } = new(0, 0, new Dictionary<string, long>(), new Dictionary<string, long>(), 0, 0);

    public static string Prefix(string project) => $"{project}/";

    public static EntityKey Key(string project, string site) => new(EntityKinds.QuotaShare, $"{project}/{site}");

    public static string SiteOf(string id) => id[(id.LastIndexOf('/') + 1)..];

    /// <summary>Empty for what the site did not write itself.</summary>
    public static ShareCells Read(Entity entity, string resource) =>
        entity.Standing(resource) is [var winner, ..] && winner.Site.ToString() == SiteOf(entity.Id)
        && entity.Json(resource, QuotasJson.Default.ShareCells) is { Given: not null, Taken: not null } cells
            ? cells
            : Empty;

    public void Write(ITransaction transaction, string project, string site, string resource) =>
        transaction.Set(Key(project, site), resource, FieldValue.Serialize(this, QuotasJson.Default.ShareCells), DomainSchema.OwnerRank);

    public ShareCells Give(string site, long amount) => this with { Given = More(Given, site, amount) };

    public ShareCells Take(string site, long amount) => this with { Taken = More(Taken, site, amount) };

    private static Dictionary<string, long> More(IReadOnlyDictionary<string, long> before, string site, long amount) =>
        new(before) { [site] = before.GetValueOrDefault(site) + amount };
}

/// <summary>The stored form of shares and charges.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(ShareCells))]
[JsonSerializable(typeof(QuotaCharge))]
internal sealed partial class QuotasJson : JsonSerializerContext;
