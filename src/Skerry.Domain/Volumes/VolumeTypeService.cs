using Skerry.State;
using Skerry.State.Merging;

namespace Skerry.Domain.Volumes;

/// <summary>The types that volumes can be made of.</summary>
public sealed class VolumeTypeService(SiteContext site)
{
    /// <summary>By name.</summary>
    public IReadOnlyList<VolumeType> List(Actor actor) =>
        [.. VolumeTypes.All(StateView.Of(site.Replica)).Select(t => For(actor, t))];

    /// <param name="actor">Who asks; only an administrator sees the specs.</param>
    /// <param name="idOrName">Its id or its name.</param>
    public Outcome<VolumeType> Show(Actor actor, string idOrName) =>
        VolumeTypes.Find(StateView.Of(site.Replica), idOrName) is { } type ? For(actor, type) : Refusal.NotFound("volume type", idOrName);

    /// <summary>What a volume gets that names no type.</summary>
    public Outcome<VolumeType> Default(Actor actor) =>
        VolumeTypes.Default(StateView.Of(site.Replica)) is { } type
            ? For(actor, type)
            : new Refusal(RefusalKind.NotFound, "There is no volume type yet.", "Configure a backend, or create a type.");

    public async ValueTask<Outcome<VolumeType>> CreateAsync(
        Actor actor, CreateVolumeTypeRequest request, CancellationToken cancellationToken)
    {
        if (!actor.IsAdmin)
        {
            return VolumeRules.AdministratorsOnly(actor, "create volume types");
        }

        var refusal = request.Name.Length == 0 ? Refusal.Invalid("name", "A volume type needs a name.") : null;
        refusal ??= VolumeRules.Text("name", request.Name)
            ?? VolumeRules.Text("description", request.Description)
            ?? VolumeRules.Metadata(request.Specs);
        if (refusal is not null)
        {
            return refusal;
        }

        var id = site.Ids.NewUuid();
        return await site.DecideAsync<Outcome<VolumeType>>(
            actor,
            transaction =>
            {
                var state = StateView.Of(transaction);
                if (VolumeTypes.Named(state, request.Name) is not null)
                {
                    return new Refusal(
                        RefusalKind.Conflict, $"There is a volume type {request.Name} already.", "Choose another name.", "name");
                }

                var key = VolumeTypes.Key(id);
                transaction.Set(key, "name", request.Name);
                transaction.Set(key, "description", request.Description ?? "");
                transaction.Set(key, "specs", FieldValue.Serialize(new(request.Specs ?? new Dictionary<string, string>()), DomainJson.Default.DictionaryStringString));
                transaction.Set(key, "created_at", site.Now);
                return VolumeTypes.Find(state, id)!;
            },
            cancellationToken);
    }

    /// <summary>Takes effect for the volumes to come.</summary>
    public async ValueTask<Outcome<VolumeType>> UpdateAsync(
        Actor actor, string idOrName, UpdateVolumeTypeRequest request, CancellationToken cancellationToken)
    {
        if (!actor.IsAdmin)
        {
            return VolumeRules.AdministratorsOnly(actor, "change volume types");
        }

        var refusal = request.Name is { Length: 0 } ? Refusal.Invalid("name", "A volume type needs a name.") : null;
        refusal ??= VolumeRules.Text("name", request.Name)
            ?? VolumeRules.Text("description", request.Description)
            ?? VolumeRules.Metadata(request.SetSpecs);
        if (refusal is not null)
        {
            return refusal;
        }

        return await site.DecideAsync<Outcome<VolumeType>>(
            actor,
            transaction =>
            {
                var state = StateView.Of(transaction);
                if (VolumeTypes.Find(state, idOrName) is not { } type)
                {
                    return Refusal.NotFound("volume type", idOrName);
                }

                if (request.Name is not null && VolumeTypes.Named(state, request.Name) is { } holder && holder.Id != type.Id)
                {
                    return new Refusal(
                        RefusalKind.Conflict, $"There is a volume type {request.Name} already.", "Choose another name.", "name");
                }

                Write(transaction, type, request);
                return VolumeTypes.Find(state, type.Id)!;
            },
            cancellationToken);
    }

    /// <summary>Makes the volumes to come of this type encrypted.</summary>
    public async ValueTask<Outcome<VolumeType>> EncryptAsync(Actor actor, string idOrName, string provider, CancellationToken cancellationToken)
    {
        if (VolumeRules.Text("provider", provider) is { } wrong)
        {
            return wrong;
        }

        var id = site.Ids.NewUuid();
        return await ChangeEncryptionAsync(
            actor,
            idOrName,
            type => type.Encryption is null
                ? new VolumeTypeEncryption(id, provider, site.Now)
                : new Refusal(RefusalKind.Conflict, $"Volume type {type.Name} is encrypted already.", "Use it as it is."),
            cancellationToken);
    }

    /// <summary>The volumes to come of this type are plain; those that are there stay as they are.</summary>
    public ValueTask<Outcome<VolumeType>> StopEncryptingAsync(Actor actor, string idOrName, CancellationToken cancellationToken) =>
        ChangeEncryptionAsync(
            actor,
            idOrName,
            type => type.Encryption is null
                ? new Refusal(RefusalKind.NotFound, $"Volume type {type.Name} is not encrypted.")
                : default(Outcome<VolumeTypeEncryption?>),
            cancellationToken);

    /// <summary>Refused while volumes are of this type.</summary>
    public async ValueTask<Outcome<Unit>> DeleteAsync(Actor actor, string idOrName, CancellationToken cancellationToken) =>
        await site.DecideAsync<Outcome<Unit>>(
            actor,
            transaction =>
            {
                var state = StateView.Of(transaction);
                if (!actor.IsAdmin)
                {
                    return VolumeRules.AdministratorsOnly(actor, "delete volume types");
                }

                if (VolumeTypes.Find(state, idOrName) is not { } type)
                {
                    return Refusal.NotFound("volume type", idOrName);
                }

                var volumes = state.List(EntityKinds.Volume).Count(v => v.Text("type") == type.Id);
                if (volumes > 0)
                {
                    return Refusal.State(
                        $"Volume type {type.Name} is the type of {volumes} {(volumes == 1 ? "volume" : "volumes")}.", "Delete those first.");
                }

                transaction.Delete(VolumeTypes.Key(type.Id));
                return default(Unit);
            },
            cancellationToken);

    /// <summary>
    /// At start: makes one type for each driver of this site, under an id that every site derives alike. One that an administrator
    /// deleted stays deleted.
    /// </summary>
    public async ValueTask EnsureDefaultsAsync(IEnumerable<string> driverNames, CancellationToken cancellationToken)
    {
        var missing = VolumeTypes.Missing(site.Replica, driverNames);
        if (missing.Count > 0)
        {
            await site.DecideAsync(
                Actor.System("start"),
                transaction =>
                {
                    VolumeTypes.WriteDefaults(transaction, missing);
                    return default(Unit);
                },
                cancellationToken);
        }
    }

    private async ValueTask<Outcome<VolumeType>> ChangeEncryptionAsync(
        Actor actor, string idOrName, Func<VolumeType, Outcome<VolumeTypeEncryption?>> decide, CancellationToken cancellationToken) =>
        await site.DecideAsync<Outcome<VolumeType>>(
            actor,
            transaction =>
            {
                var state = StateView.Of(transaction);
                if (!actor.IsAdmin)
                {
                    return VolumeRules.AdministratorsOnly(actor, "change volume types");
                }

                if (VolumeTypes.Find(state, idOrName) is not { } type)
                {
                    return Refusal.NotFound("volume type", idOrName);
                }

                var decision = decide(type);
                if (decision.IsRefused)
                {
                    return decision.Refusal!;
                }

                transaction.Set(
                    VolumeTypes.Key(type.Id),
                    "encryption",
                    decision.Value is { } encryption ? FieldValue.Serialize(encryption, DomainJson.Default.VolumeTypeEncryption) : FieldValue.Null);
                return VolumeTypes.Find(StateView.Of(transaction), type.Id)!;
            },
            cancellationToken);

    private static void Write(ITransaction transaction, VolumeType type, UpdateVolumeTypeRequest request)
    {
        var key = VolumeTypes.Key(type.Id);
        if (request.Name is not null)
        {
            // The stamp of the name says which had it first, so only a change of it may move that.
            transaction.SetIfDifferent(key, "name", FieldValue.FromString(request.Name));
        }

        if (request.Description is not null)
        {
            transaction.Set(key, "description", request.Description);
        }

        if (request.SetSpecs is null && request.RemoveSpecs is null)
        {
            return;
        }

        var specs = new Dictionary<string, string>(type.Specs, StringComparer.Ordinal);
        foreach (var name in request.RemoveSpecs ?? [])
        {
            specs.Remove(name);
        }

        foreach (var (name, value) in request.SetSpecs ?? new Dictionary<string, string>())
        {
            specs[name] = value;
        }

        transaction.Set(key, "specs", FieldValue.Serialize(specs, DomainJson.Default.DictionaryStringString));
    }

    private static VolumeType For(Actor actor, VolumeType type) =>
        actor.IsAdmin ? type : type with { Specs = new Dictionary<string, string>(), Encryption = null, QosSpecsId = null };
}
