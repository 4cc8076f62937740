using Skerry.State;
using Skerry.State.Merging;

namespace Skerry.Domain.Volumes;

/// <summary>
/// Specifications of how fast volumes may be, and which volume types go by them. A change reaches every site that serves such a
/// volume with the state, and holds for connections that are open. For administrators only.
/// </summary>
public sealed class QosService(SiteContext site)
{
    public Outcome<IReadOnlyList<QosSpec>> List(Actor actor) =>
        Check(actor) is { } refusal ? refusal : Outcome<IReadOnlyList<QosSpec>>.Of([.. QosSpecs.All(StateView.Of(site.Replica))]);

    public Outcome<QosSpec> Show(Actor actor, string idOrName) =>
        Check(actor) is { } refusal ? refusal
        : QosSpecs.Find(StateView.Of(site.Replica), idOrName) is { } spec ? spec
        : Unknown(idOrName);

    /// <summary>The types that go by the specification, by name.</summary>
    public Outcome<IReadOnlyList<QosAssociation>> Associations(Actor actor, string idOrName)
    {
        var spec = Show(actor, idOrName);
        return spec.Refusal is { } refusal
            ? refusal
            : Outcome<IReadOnlyList<QosAssociation>>.Of(
                [.. QosSpecs.TypesOf(StateView.Of(site.Replica), spec.Value.Id).Select(t => new QosAssociation(t.Id, t.Name))]);
    }

    /// <param name="actor">Who asks.</param>
    /// <param name="name">Unique, 1 to 255 characters.</param>
    /// <param name="consumer"><c>front-end</c> or <c>both</c>; null for both. <c>back-end</c> is refused: backends hold nothing to a rate.</param>
    /// <param name="specs">Keys of <see cref="VolumeRates"/>.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public ValueTask<Outcome<QosSpec>> CreateAsync(
        Actor actor, string name, string? consumer, IReadOnlyDictionary<string, string> specs, CancellationToken cancellationToken)
    {
        var id = site.Ids.NewUuid();
        return DecideAsync(
            actor,
            transaction =>
            {
                var state = StateView.Of(transaction);
                var refusal = name.Length == 0 ? Refusal.Invalid("name", "QoS specs need a name.") : null;
                refusal ??= VolumeRules.Text("name", name) ?? Consumer(consumer) ?? VolumeRates.Check(specs);
                if (refusal is not null)
                {
                    return refusal;
                }

                if (QosSpecs.Named(state, name) is not null)
                {
                    return new Refusal(RefusalKind.Conflict, $"There are QoS specs {name} already.", "Choose another name.", "name");
                }

                var key = QosSpecs.Key(id);
                transaction.Set(key, "name", name);
                transaction.Set(key, "consumer", consumer ?? QosSpecs.Both);
                transaction.Set(key, "specs", FieldValue.Serialize(new(specs), DomainJson.Default.DictionaryStringString));
                transaction.Set(key, "created_at", site.Now);
                return (Outcome<QosSpec>)QosSpecs.Find(state, id)!;
            },
            cancellationToken);
    }

    /// <summary>Sets keys and takes others away, and the consumer if it is given; the outcome as a whole must be right.</summary>
    public ValueTask<Outcome<QosSpec>> UpdateAsync(
        Actor actor,
        string idOrName,
        string? consumer,
        IReadOnlyDictionary<string, string> set,
        IReadOnlyCollection<string> unset,
        CancellationToken cancellationToken) => DecideAsync(
            actor,
            transaction =>
            {
                var state = StateView.Of(transaction);
                if (QosSpecs.Find(state, idOrName) is not { } spec)
                {
                    return Unknown(idOrName);
                }

                var specs = new Dictionary<string, string>(spec.Specs, StringComparer.Ordinal);
                foreach (var name in unset)
                {
                    if (!specs.Remove(name))
                    {
                        return Refusal.Invalid("keys", $"QoS specs {spec.Id} have no key {name}.");
                    }
                }

                foreach (var (name, value) in set)
                {
                    specs[name] = value;
                }

                if ((Consumer(consumer) ?? VolumeRates.Check(specs)) is { } refusal)
                {
                    return refusal;
                }

                var key = QosSpecs.Key(spec.Id);
                transaction.Set(key, "specs", FieldValue.Serialize(specs, DomainJson.Default.DictionaryStringString));
                if (consumer is not null)
                {
                    transaction.Set(key, "consumer", consumer);
                }

                return (Outcome<QosSpec>)QosSpecs.Find(state, spec.Id)!;
            },
            cancellationToken);

    /// <summary>Refused while volume types go by it, unless forced; those then go by none.</summary>
    public ValueTask<Outcome<Unit>> DeleteAsync(Actor actor, string idOrName, bool force, CancellationToken cancellationToken) => DecideAsync(
        actor,
        transaction =>
        {
            var state = StateView.Of(transaction);
            if (QosSpecs.Find(state, idOrName) is not { } spec)
            {
                return Unknown(idOrName);
            }

            var types = QosSpecs.TypesOf(state, spec.Id).ToList();
            if (types.Count > 0 && !force)
            {
                return Refusal.State(
                    $"QoS specs {spec.Id} are still in use by volume type {types[0].Name}.", "Disassociate them first, or force the deletion.");
            }

            Release(transaction, types);
            transaction.Delete(QosSpecs.Key(spec.Id));
            return (Outcome<Unit>)default(Unit);
        },
        cancellationToken);

    /// <summary>A type goes by one specification at most; another one is refused until the present one is disassociated.</summary>
    public ValueTask<Outcome<Unit>> AssociateAsync(Actor actor, string idOrName, string typeId, CancellationToken cancellationToken) => DecideAsync(
        actor,
        transaction =>
        {
            var state = StateView.Of(transaction);
            if (QosSpecs.Find(state, idOrName) is not { } spec)
            {
                return Unknown(idOrName);
            }

            if (VolumeTypes.Find(state, typeId) is not { } type)
            {
                return Refusal.NotFound("volume type", typeId);
            }

            if (type.QosSpecsId is { } present && present != spec.Id && QosSpecs.Find(state, present) is not null)
            {
                return Refusal.Invalid("vol_type_id", $"Volume type {type.Name} goes by QoS specs {present} already.", "Disassociate those first.");
            }

            transaction.Set(VolumeTypes.Key(type.Id), QosSpecs.TypeField, spec.Id);
            return (Outcome<Unit>)default(Unit);
        },
        cancellationToken);

    /// <param name="actor">Who asks.</param>
    /// <param name="idOrName">The specification.</param>
    /// <param name="typeId">The type that shall go by none; null for all that go by this one.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public ValueTask<Outcome<Unit>> DisassociateAsync(Actor actor, string idOrName, string? typeId, CancellationToken cancellationToken) => DecideAsync(
        actor,
        transaction =>
        {
            var state = StateView.Of(transaction);
            if (QosSpecs.Find(state, idOrName) is not { } spec)
            {
                return Unknown(idOrName);
            }

            if (typeId is not null && VolumeTypes.Find(state, typeId) is null)
            {
                return Refusal.NotFound("volume type", typeId);
            }

            Release(transaction, [.. QosSpecs.TypesOf(state, spec.Id).Where(t => typeId is null || t.Id == typeId || t.Name == typeId)]);
            return (Outcome<Unit>)default(Unit);
        },
        cancellationToken);

    private static Refusal? Check(Actor actor) => actor.IsAdmin ? null : VolumeRules.AdministratorsOnly(actor, "see or change QoS specs");

    private static Refusal? Consumer(string? consumer) => consumer switch
    {
        null or QosSpecs.FrontEnd or QosSpecs.Both => null,
        "back-end" => Refusal.Invalid("consumer", "No backend here holds volumes to rates by itself.", "Use the consumer front-end or both: the site that serves a volume holds it to them."),
        _ => Refusal.Invalid("consumer", $"'{consumer}' is no consumer.", "Use front-end or both."),
    };

    private static Refusal Unknown(string idOrName) => new(RefusalKind.NotFound, $"No such qos_specs {idOrName} exist.");

    private static void Release(ITransaction transaction, IEnumerable<VolumeType> types)
    {
        foreach (var type in types)
        {
            transaction.Set(VolumeTypes.Key(type.Id), QosSpecs.TypeField, FieldValue.Null);
        }
    }

    private async ValueTask<Outcome<T>> DecideAsync<T>(Actor actor, Func<ITransaction, Outcome<T>> decide, CancellationToken cancellationToken) =>
        Check(actor) is { } refusal ? refusal : await site.DecideAsync(actor, decide, cancellationToken);
}
