using Skerry.Domain.Volumes;
using Skerry.State;
using Skerry.State.Merging;

namespace Skerry.Domain.Replication;

/// <summary>A replication that somebody wishes for, judged by what this site knows: its two ends, and what was chosen.</summary>
internal sealed record ReplicationWish(
    string VolumeId, ReplicationEnd From, ReplicationEnd To, bool IsPassedOn, string? AdoptFrom, ReplicationTerms Terms, AckChoice Acks)
{
    public bool IsCiphertextOnly { get; init; }

    public static Outcome<ReplicationWish> Judge(SiteContext site, StateView state, Actor actor, CreateReplicationRequest request)
    {
        if (state.Find(EntityKinds.Volume, request.VolumeId) is not { } volume || !actor.MaySee(volume.Text("project_id")))
        {
            return Refusal.NotFound("volume", request.VolumeId);
        }

        if (!actor.IsAdmin)
        {
            return new Refusal(RefusalKind.NotAllowed, "Replications are made by administrators.");
        }

        if (volume.Text(VolumeEntity.DrillOf) is { } drilled)
        {
            return Refusal.State(
                $"Volume {request.VolumeId} is a drill of volume {drilled}, and drills are not replicated.", "Clone it, and replicate the clone.");
        }

        var relations = Relation.OfVolume(state, request.VolumeId);
        var (terms, acks) = (ReplicationTerms.Default.With(request.Settings), AckChoice.Default.With(request.Settings));
        if ((terms.Check() ?? acks.Check(terms.Mode, relations, request.FromSite is not null) ?? acks.CheckGroup(state, request.VolumeId))
            is { } wrong)
        {
            return wrong;
        }

        if (new VolumeReader(site, state).FindVolume(request.VolumeId) is { } read
            && (read.Status == VolumeStatus.Reverting
                ? Refusal.State($"Volume {request.VolumeId} is reverting.", "Wait until it is available.")
                : CiphertextOnly.CheckWish(read, request, acks)) is { } notNow)
        {
            return notNow;
        }

        var sites = new SiteDirectory(site, state);
        var resolved = sites.Resolve(request.TargetSite);
        if (resolved.IsRefused)
        {
            return resolved.Refusal! with { Field = "target_site" };
        }

        var (target, targetName) = (resolved.Value, sites.NameOf(resolved.Value));
        var home = Generations.Owner(Generations.Of(state, request.VolumeId)) ?? volume.Text("site", "");
        if (target == home)
        {
            return Refusal.Invalid("target_site", $"Volume {request.VolumeId} is already at site {targetName}.", "Name another site.");
        }

        var source = Source(sites, relations, new ReplicationEnd(home, volume.Text("backend", "")), request);
        if (source.IsRefused)
        {
            return source.Refusal!;
        }

        if (relations.FirstOrDefault(r => r.BackendAt(target) is not null) is { } second)
        {
            return new Refusal(
                RefusalKind.Conflict,
                $"Volume {request.VolumeId} is replicated to site {targetName} already, by replication {second.Id}.",
                "Use that one, or delete it first.");
        }

        if (relations.Count >= ReplicaPlaces.Most)
        {
            return new Refusal(
                RefusalKind.Quota,
                $"Volume {request.VolumeId} has {relations.Count} replicas; {ReplicaPlaces.Most} is the most that a volume can have.",
                "Delete a replication that is no longer needed, or have one of the replicas moved with retarget.");
        }

        var backend = ReplicaPlaces.Choose(state, volume, source.Value, (target, targetName), request.TargetBackend);
        return backend.IsRefused ? backend.Refusal!
            : request.Adopt is { } seed && seed != request.VolumeId && Adoption.Check(state, seed, target, sites) is { } inTheWay ? inTheWay
            : new ReplicationWish(
                request.VolumeId, source.Value, new ReplicationEnd(target, backend.Value), source.Value.Site != home, request.Adopt, terms, acks)
            {
                IsCiphertextOnly = request.IsCiphertextOnly,
            };
    }

    /// <summary>The volume itself, or its replica at the named site, which passes on what it has.</summary>
    private static Outcome<ReplicationEnd> Source(
        SiteDirectory sites, IReadOnlyList<Relation> relations, ReplicationEnd home, CreateReplicationRequest request)
    {
        if (request.FromSite is not { } name)
        {
            return home;
        }

        var named = sites.Resolve(name);
        return named.IsRefused ? named.Refusal! with { Field = "from_site" }
            : named.Value == home.Site ? home
            : relations.FirstOrDefault(r => r.ReplicaOf(home.Site).Site == named.Value) is { } nearer
                ? nearer.IsCiphertextOnly
                    ? Refusal.Invalid(
                        "from_site", $"Site {sites.NameOf(named.Value)} holds only ciphertext of volume {request.VolumeId}, and passes nothing on.",
                        $"Leave from_site out to replicate from site {sites.NameOf(home.Site)}.")
                : new ReplicationEnd(named.Value, nearer.BackendAt(named.Value) ?? "")
            : Refusal.Invalid(
                "from_site", $"Volume {request.VolumeId} has no replica at site {sites.NameOf(named.Value)} that could be passed on.",
                $"Replicate it there first, or leave from_site out to replicate from site {sites.NameOf(home.Site)}.");
    }

    public void Write(ITransaction transaction, EntityKey key, DateTimeOffset now)
    {
        transaction.Set(key, Relation.VolumeIdField, VolumeId);
        transaction.Set(key, Relation.HomeSiteField, From.Site);
        transaction.Set(key, Relation.HomeBackendField, From.Backend);
        transaction.Set(key, Relation.TargetSiteField, To.Site);
        transaction.Set(key, Relation.TargetBackendField, To.Backend);
        transaction.Set(key, Relation.CreatedField, now);
        if (IsPassedOn)
        {
            transaction.Set(key, Relation.PassedOnField, FieldValue.From(true));
        }

        if (IsCiphertextOnly)
        {
            transaction.Set(key, Relation.CiphertextOnlyField, FieldValue.From(true));
        }

        if (AdoptFrom is not null)
        {
            transaction.Set(key, Relation.AdoptField, AdoptFrom);
        }

        Terms.Write(transaction, key, null);
        Acks.Write(transaction, key, null);
    }
}

/// <summary>Where one copy of a replication is.</summary>
internal readonly record struct ReplicationEnd(string Site, string Backend);
