namespace Skerry.Domain.Volumes;

/// <summary>How fast volumes of the types that it is associated with may be. For administrators.</summary>
/// <param name="Id">A UUID with dashes.</param>
/// <param name="Name">Unique.</param>
/// <param name="Consumer"><c>front-end</c> or <c>both</c>, which mean the same here: the site that serves a volume holds it to the rates.</param>
/// <param name="Specs">The keys of <see cref="VolumeRates"/>, with whole numbers as text.</param>
/// <param name="CreatedAt">When it was made.</param>
public sealed record QosSpec(string Id, string Name, string Consumer, IReadOnlyDictionary<string, string> Specs, DateTimeOffset CreatedAt);

/// <summary>A volume type that goes by a specification.</summary>
public sealed record QosAssociation(string TypeId, string TypeName);
