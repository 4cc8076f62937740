using Skerry.Domain.Groups;
using Skerry.Domain.Volumes;
using Skerry.State;
using Skerry.State.Merging;

namespace Skerry.Domain.Replication;

/// <summary>What administrators do with replications. Everything is answered from this site; the two sides of the relation act on it.</summary>
public sealed class ReplicationService(SiteContext site, FreshStatuses fresh, TransferHistory? history = null)
{
    private const int MostReplicas = 8;

    public async ValueTask<Outcome<ReplicationView>> CreateAsync(
        Actor actor, CreateReplicationRequest request, CancellationToken cancellationToken)
    {
        var id = site.Ids.NewUuid();
        var outcome = await site.DecideAsync<Outcome<Unit>>(
            actor,
            transaction =>
            {
                var state = StateView.Of(transaction);
                var checks = Check(state, actor, request);
                if (checks.IsRefused)
                {
                    return checks.Refusal!;
                }

                Write(transaction, Relation.Key(id), request, checks.Value);
                return default(Unit);
            },
            cancellationToken);
        return outcome.IsRefused ? outcome.Refusal! : Show(actor, id);
    }

    public Outcome<ReplicationView> Show(Actor actor, string id)
    {
        var state = StateView.Of(site.Replica);
        return actor.IsAdmin && Relation.Find(state, id) is { } relation
            ? View(state, relation)
            : Refusal.NotFound("replication", id);
    }

    /// <summary>
    /// The last transfers that this site saw of a replication, newest first: all of them at the source's site, those that were completed
    /// at the target's, and none at others.
    /// </summary>
    public Outcome<IReadOnlyList<TransferEntry>> History(Actor actor, string id)
    {
        if (!actor.IsAdmin || Relation.Find(StateView.Of(site.Replica), id) is null)
        {
            return Refusal.NotFound("replication", id);
        }

        return Outcome<IReadOnlyList<TransferEntry>>.Of(history?.List(id) ?? []);
    }

    /// <summary>Oldest first. Tenants see none.</summary>
    /// <param name="actor">Who asks.</param>
    /// <param name="volumeId">Only those of this volume; null for all.</param>
    public IReadOnlyList<ReplicationView> List(Actor actor, string? volumeId = null)
    {
        var state = StateView.Of(site.Replica);
        return !actor.IsAdmin
            ? []
            :
            [
                .. Relation.All(state)
                    .Where(r => volumeId is null || r.VolumeId == volumeId)
                    .OrderBy(r => r.CreatedAt).ThenBy(r => r.Id, StringComparer.Ordinal)
                    .Select(r => View(state, r)),
            ];
    }

    /// <summary>
    /// Changes what people chose about it. The replica stays as it is and follows by the new terms. Saying the same again changes
    /// nothing.
    /// </summary>
    public async ValueTask<Outcome<ReplicationView>> SetAsync(
        Actor actor, string id, ChangeReplicationRequest request, CancellationToken cancellationToken)
    {
        var outcome = await site.DecideAsync<Outcome<Unit>>(
            actor,
            transaction =>
            {
                if (!actor.IsAdmin || Relation.Find(StateView.Of(transaction), id) is not { } relation)
                {
                    return Refusal.NotFound("replication", id);
                }

                var before = ReplicationTerms.Of(relation);
                var after = before.With(request);
                var others = Relation.OfVolume(StateView.Of(transaction), relation.VolumeId).Where(r => r.Id != id);
                var acks = AckChoice.Of(relation).With(request);
                if ((after.Check() ?? acks.Check(after.Mode, others, relation.IsPassedOn)) is { } wrong)
                {
                    return wrong;
                }

                if (after.Mode != before.Mode && AckChoice.ReasonToKeep(StateView.Of(transaction), relation, "taken out of instant mode") is { } kept)
                {
                    return kept;
                }

                Write(transaction, Relation.Key(id), after, before);
                acks.Write(transaction, Relation.Key(id), AckChoice.Of(relation));
                if (!after.IsScheduledAs(before))
                {
                    transaction.Set(Relation.Key(id), Relation.ScheduledField, site.Now);
                }

                return default(Unit);
            },
            cancellationToken);
        return outcome.IsRefused ? outcome.Refusal! : Show(actor, id);
    }

    /// <summary>
    /// Moves the replica to another site. What is there of the volume's history already is not sent again; the copy at the old place goes
    /// to the trash there. Where it is already nothing happens.
    /// </summary>
    public async ValueTask<Outcome<ReplicationView>> RetargetAsync(
        Actor actor, string id, RetargetReplicationRequest request, CancellationToken cancellationToken)
    {
        var outcome = await site.DecideAsync<Outcome<Unit>>(
            actor,
            transaction =>
            {
                var state = StateView.Of(transaction);
                if (!actor.IsAdmin || Relation.Find(state, id) is not { } relation
                    || state.Find(EntityKinds.Volume, relation.VolumeId) is not { } volume)
                {
                    return Refusal.NotFound("replication", id);
                }

                var place = NewPlace(state, relation, volume, request);
                if (place.IsRefused || place.Value is not { } to)
                {
                    return place.IsRefused ? place.Refusal! : default(Unit);
                }

                if (AckChoice.ReasonToKeep(state, relation, "moved") is { } kept)
                {
                    return kept;
                }

                if (GroupMembers.GroupOf(state, relation.VolumeId) is { TargetSite: { } shared } group && relation.BackendAt(shared) is not null)
                {
                    return Refusal.State(
                        $"Replication {id} is the one of group {group.Name}, which keeps it.",
                        "Take the volume out of the group first.");
                }

                Move(transaction, state, relation, to.Site, to.Backend);
                return default(Unit);
            },
            cancellationToken);
        return outcome.IsRefused ? outcome.Refusal! : Show(actor, id);
    }

    /// <summary>Null when the replica is there already.</summary>
    private Outcome<(string Site, string Backend)?> NewPlace(
        StateView state, Relation relation, Entity volume, RetargetReplicationRequest request)
    {
        var sites = new SiteDirectory(site, state);
        var resolved = sites.Resolve(request.TargetSite);
        if (resolved.IsRefused)
        {
            return resolved.Refusal! with { Field = "target_site" };
        }

        if (Generations.Primary(state, relation.VolumeId) is { IsSplitBrain: true })
        {
            return Refusal.State(
                $"Volume {relation.VolumeId} has two primaries of one generation, and it is not decided which copy is the volume.",
                "Promote the copy to keep first.");
        }

        var (target, name) = (resolved.Value, sites.NameOf(resolved.Value));
        var primary = Generations.Owner(Generations.Of(state, relation.VolumeId)) ?? relation.HomeSite;
        var (old, oldBackend) = relation.ReplicaOf(primary);
        if (target == primary)
        {
            return Refusal.Invalid("target_site", $"Site {name} is the primary of volume {relation.VolumeId}.", "Name another site.");
        }

        if (target == old)
        {
            return request.TargetBackend is { } wanted && wanted != oldBackend
                ? Refusal.State(
                    $"The replica is at site {name} already, on backend {oldBackend}; a site holds one copy of a volume.",
                    "Move it to another site first, and back to the other backend when its copy here was purged.")
                : default((string, string)?);
        }

        if (Relation.OfVolume(state, relation.VolumeId).FirstOrDefault(r => r.Id != relation.Id && r.BackendAt(target) is not null) is { } second)
        {
            return new Refusal(
                RefusalKind.Conflict,
                $"Volume {relation.VolumeId} is replicated to site {name} already, by replication {second.Id}.",
                "Use that one, or delete it first.");
        }

        if (relation.Beyond.Count > 0)
        {
            return Refusal.State(
                $"Site {sites.NameOf(old)} passes the volume on to {string.Join(", ", relation.Beyond.Select(sites.NameOf))}.",
                "Delete the replications from there first, or make them anew from the primary.");
        }

        if (relation.Left.Count >= MostReplicas)
        {
            return Refusal.State(
                $"The replica was moved {relation.Left.Count} times, and the copies that it left are not purged yet.", "Wait until they are.");
        }

        var backend = CheckBackend(state, target, name, request.TargetBackend, volume, Allowed(state, primary, volume.Text("backend", "")));
        return backend.IsRefused ? backend.Refusal! : (target, backend.Value);
    }

    private void Move(ITransaction transaction, StateView state, Relation relation, string target, string backend)
    {
        var old = relation.ReplicaSide(state);
        var (key, isOther) = (Relation.Key(relation.Id), old == relation.OtherSite);
        transaction.Set(key, isOther ? Relation.TargetSiteField : Relation.HomeSiteField, target);
        transaction.Set(key, isOther ? Relation.TargetBackendField : Relation.HomeBackendField, backend);
        LeftSite[] left = [.. relation.Left.Where(l => l.Site != old && l.Site != target), new LeftSite(old, relation.BackendAt(old) ?? "", site.Now)];
        transaction.Set(key, Relation.LeftField, FieldValue.Serialize(left, ReplicationJson.Default.IReadOnlyListLeftSite));
        if (relation.KeyAt(old) is not null)
        {
            // It was wrapped for the old site; the primary's wraps it for the new one.
            transaction.Set(key, relation.KeyFieldOf(old), FieldValue.FromString(null), DomainSchema.OwnerRank);
        }

        if (relation.AdoptFrom is not null)
        {
            transaction.Set(key, Relation.AdoptField, null);
        }
    }

    /// <summary>Nothing is shipped until resumed; what was shipped stays and can be promoted.</summary>
    public ValueTask<Outcome<ReplicationView>> PauseAsync(Actor actor, string id, CancellationToken cancellationToken) =>
        ChangeAsync(
            actor, id, (transaction, key) => transaction.Set(key, Relation.PausedField, FieldValue.From(true)), cancellationToken,
            relation => AckChoice.ReasonToKeep(StateView.Of(site.Replica), relation, "paused"));

    /// <summary>Goes on shipping; what was given up after errors is tried again at once.</summary>
    public ValueTask<Outcome<ReplicationView>> ResumeAsync(Actor actor, string id, CancellationToken cancellationToken) =>
        ChangeAsync(
            actor, id,
            (transaction, key) =>
            {
                transaction.Set(key, Relation.PausedField, FieldValue.From(false));
                if (Relation.Find(StateView.Of(transaction), id)?.Source?.State == ReplicationWords.Error)
                {
                    transaction.Set(key, Relation.SyncRequestedField, site.Now);
                }
            },
            cancellationToken);

    /// <summary>
    /// Asks for a run now, whatever the schedule says; an instant replication, which is always at it, is asked to make everything
    /// durable at the replica. Follow <see cref="SourceStatus.LastSyncAt"/>.
    /// </summary>
    public ValueTask<Outcome<ReplicationView>> SyncAsync(Actor actor, string id, CancellationToken cancellationToken) =>
        ChangeAsync(
            actor, id,
            (transaction, key) => transaction.Set(key, Relation.SyncRequestedField, site.Now),
            cancellationToken,
            relation => relation.IsPaused
                ? Refusal.State($"Replication {relation.Id} is paused.", "Resume it first.")
                : null);

    /// <summary>Ends the relation. The replica's data stays at its site, in the trash for the configured time, and is purged then.</summary>
    public async ValueTask<Outcome<Unit>> DeleteAsync(Actor actor, string id, CancellationToken cancellationToken) =>
        await site.DecideAsync<Outcome<Unit>>(
            actor,
            transaction =>
            {
                var state = StateView.Of(transaction);
                if (!actor.IsAdmin || Relation.Find(state, id) is not { } relation)
                {
                    return Refusal.NotFound("replication", id);
                }

                if (Relation.OfVolume(state, relation.VolumeId).FirstOrDefault(r => r.IsPassedOn && r.Id != id && r.HomeSite == relation.OtherSite) is { } next)
                {
                    var names = new SiteDirectory(site, state);
                    return Refusal.State(
                        $"The replica at site {names.NameOf(relation.OtherSite)} passes on what it has to site {names.NameOf(next.OtherSite)}, by replication {next.Id}.",
                        $"Delete replication {next.Id} first.");
                }

                if (AckChoice.ReasonToKeep(StateView.Of(transaction), relation, "deleted") is { } kept)
                {
                    return kept;
                }

                transaction.Delete(Relation.Key(id));
                return default(Unit);
            },
            cancellationToken);

    private async ValueTask<Outcome<ReplicationView>> ChangeAsync(
        Actor actor, string id, Action<ITransaction, EntityKey> change, CancellationToken cancellationToken,
        Func<Relation, Refusal?>? objection = null)
    {
        var outcome = await site.DecideAsync<Outcome<Unit>>(
            actor,
            transaction =>
            {
                if (!actor.IsAdmin || Relation.Find(StateView.Of(transaction), id) is not { } relation)
                {
                    return Refusal.NotFound("replication", id);
                }

                if (objection?.Invoke(relation) is { } refusal)
                {
                    return refusal;
                }

                change(transaction, Relation.Key(id));
                return default(Unit);
            },
            cancellationToken);
        return outcome.IsRefused ? outcome.Refusal! : Show(actor, id);
    }

    private Outcome<Checked> Check(StateView state, Actor actor, CreateReplicationRequest request)
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

        var acks = AckChoice.Of(request).Check(request.Mode, Relation.OfVolume(state, request.VolumeId), request.FromSite is not null);
        if ((ReplicationTerms.Of(request).Check() ?? acks) is { } wrong)
        {
            return wrong;
        }

        if (new VolumeReader(site, state).FindVolume(request.VolumeId) is { Status: VolumeStatus.Reverting })
        {
            return Refusal.State($"Volume {request.VolumeId} is reverting.", "Wait until it is available.");
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

        var relations = Relation.OfVolume(state, request.VolumeId);
        var (from, fromBackend, isPassedOn) = (home, volume.Text("backend", ""), false);
        if (request.FromSite is { } fromName)
        {
            var named = sites.Resolve(fromName);
            if (named.IsRefused)
            {
                return named.Refusal! with { Field = "from_site" };
            }

            from = named.Value;
            if (from != home)
            {
                if (relations.FirstOrDefault(r => r.ReplicaOf(home).Site == from) is not { } nearer)
                {
                    return Refusal.Invalid(
                        "from_site", $"Volume {request.VolumeId} has no replica at site {sites.NameOf(from)} that could be passed on.",
                        $"Replicate it there first, or leave from_site out to replicate from site {sites.NameOf(home)}.");
                }

                (fromBackend, isPassedOn) = (nearer.BackendAt(from) ?? "", true);
            }
        }

        var second = relations.FirstOrDefault(r => r.HomeSite == target || r.OtherSite == target);
        if (second is not null)
        {
            return new Refusal(
                RefusalKind.Conflict,
                $"Volume {request.VolumeId} is replicated to site {targetName} already, by replication {second.Id}.",
                "Use that one, or delete it first.");
        }

        if (relations.Count >= MostReplicas)
        {
            return new Refusal(
                RefusalKind.Quota,
                $"Volume {request.VolumeId} has {relations.Count} replicas; {MostReplicas} is the most that a volume can have.",
                "Delete a replication that is no longer needed, or have one of the replicas moved with retarget.");
        }

        var backend = CheckBackend(state, target, targetName, request.TargetBackend, volume, Allowed(state, from, fromBackend));
        return backend.IsRefused ? backend.Refusal!
            : request.Adopt is { } seed && seed != request.VolumeId && Adoption.Check(state, seed, target, sites) is { } inTheWay ? inTheWay
            : new Checked(from, fromBackend, target, backend.Value, isPassedOn);
    }

    private static string? Allowed(StateView state, string home, string backend) =>
        BackendReport.Of(state, home).FirstOrDefault(b => b.Name == backend)?.ReplicationTargets;

    private static Outcome<string> CheckBackend(
        StateView state, string target, string siteName, string? wantedBackend, Entity volume, string? allowed)
    {
        var backends = BackendReport.Of(state, target).Where(b => b.Driver == "native").ToList();
        if (backends.Count == 0)
        {
            return new Refusal(
                RefusalKind.Unavailable,
                $"Nothing is known here of a native backend at site {siteName}.",
                "Wait until the site has reported its backends, or add one to its configuration.");
        }

        if (allowed?.Split(',') is { } places)
        {
            backends.RemoveAll(b => !places.Contains($"{siteName}@{b.Name}"));
            if (backends.Count == 0 || (wantedBackend is { } asked && backends.TrueForAll(b => b.Name != asked)))
            {
                return Refusal.Invalid(
                    wantedBackend is null ? "target_site" : "target_backend",
                    $"Volumes of backend {volume.Text("backend")} may be replicated to {string.Join(", ", places)} only.",
                    "Name one of these, or have valid_replication_devices changed in the configuration of the volume's site.");
            }
        }

        var names = string.Join(", ", backends.Select(b => b.Name));
        var backend = wantedBackend is { } wanted
            ? backends.FirstOrDefault(b => b.Name == wanted)
            : backends.Count == 1 ? backends[0] : backends.FirstOrDefault(b => b.Name == volume.Text("backend"));
        if (backend is null)
        {
            return wantedBackend is null
                ? Refusal.Invalid("target_backend", $"Site {siteName} has several native backends.", $"Name one of {names}.")
                : Refusal.Invalid("target_backend", $"Site {siteName} has no native backend {wantedBackend}.", $"It has {names}.");
        }

        var sizeBytes = (volume.Integer("size_gib") ?? 0) << 30;
        return sizeBytes > backend.TotalBytes
            ? new Refusal(
                RefusalKind.Quota,
                $"The volume has {sizeBytes} bytes, and backend {backend.Name} at site {siteName} {backend.TotalBytes} in all.",
                "Choose a larger backend.", "target_backend")
            : backend.Name;
    }

    private void Write(ITransaction transaction, EntityKey key, CreateReplicationRequest request, Checked ends)
    {
        transaction.Set(key, Relation.VolumeIdField, request.VolumeId);
        transaction.Set(key, Relation.HomeSiteField, ends.HomeSite);
        transaction.Set(key, Relation.HomeBackendField, ends.HomeBackend);
        transaction.Set(key, Relation.TargetSiteField, ends.TargetSite);
        transaction.Set(key, Relation.TargetBackendField, ends.TargetBackend);
        transaction.Set(key, Relation.CreatedField, site.Now);
        if (ends.IsPassedOn)
        {
            transaction.Set(key, Relation.PassedOnField, FieldValue.From(true));
        }

        if (request.Adopt is { } seed)
        {
            transaction.Set(key, Relation.AdoptField, seed);
        }

        Write(transaction, key, ReplicationTerms.Of(request), null);
        AckChoice.Of(request).Write(transaction, key, null);
    }

    private static void Write(ITransaction transaction, EntityKey key, ReplicationTerms terms, ReplicationTerms? before)
    {
        void Text(string field, string? value, string? was)
        {
            if (value != was)
            {
                transaction.Set(key, field, FieldValue.FromString(value));
            }
        }

        Text(Relation.ModeField, terms.Mode, before?.Mode);
        Text(Relation.OnReturnField, terms.OnReturn, before?.OnReturn);
        Text(Relation.TimesField, terms.At, before?.At);
        Text(Relation.DaysField, terms.Days, before?.Days);
        Text(Relation.TimeZoneField, terms.TimeZone, before?.TimeZone);
        Text(Relation.KeepSourceField, terms.KeepSource, before?.KeepSource ?? "");
        Text(Relation.KeepTargetField, terms.KeepTarget, before?.KeepTarget ?? "");
        Text(Relation.StartField, terms.StartAt is { } start ? Instants.ToField(start) : null, before?.StartAt is { } was ? Instants.ToField(was) : null);
        if (terms.IntervalSeconds != before?.IntervalSeconds)
        {
            transaction.Set(key, Relation.IntervalField, terms.IntervalSeconds is { } seconds ? FieldValue.From(seconds) : FieldValue.FromString(null));
        }
    }

    private ReplicationView View(StateView now, Relation relation)
    {
        // Who is primary and whether it is being handed over are two entities, and what is said of both is of one moment.
        var state = now.AtOneMoment();
        var primary = Generations.Primary(state, relation.VolumeId);
        relation = fresh.Apply(relation, primary, site.SelfText, site.Now);
        var primarySite = primary?.Current.Site ?? relation.HomeSite;
        var source = primary?.Current.IsDemoted == true ? primarySite : relation.SourceOf(primarySite);
        var (replicaSite, replicaBackend) = relation.ReplicaOf(primarySite);
        var (status, reason, nextStep) = ReplicationSummary.Of(relation, primary);
        return new ReplicationView(
            relation.Id, relation.VolumeId, state.Find(EntityKinds.Volume, relation.VolumeId)?.Text("name"), relation.HomeSite, source,
            replicaSite, replicaBackend, relation.Mode, relation.IntervalSeconds, relation.StartAt,
            ReplicationSchedule.Next(relation, site.Now), relation.IsPaused, relation.OnReturn, status, reason, nextStep,
            relation.Source, relation.Target, relation.CreatedAt)
        {
            At = relation.Times,
            Days = relation.Days,
            TimeZone = relation.TimeZone,
            KeepSource = relation.KeepSource?.ToString(),
            KeepTarget = relation.KeepTarget?.ToString(),
            IsPassedOn = source.Length > 0 && source != primarySite,
            Ack = relation.Ack,
            OnIsolation = relation.OnIsolation,
            Failover = relation.Failover,
            LocalOnlySince = relation.WaitsForReplica ? relation.LocalOnly?.Since : null,
            LocalStatus = LocalStatus(state, relation, source, replicaSite),
            Generation = primary?.Current.Number,
            AdoptFrom = relation.AdoptFrom,
            RecoveryPointAgeSeconds = relation.Target?.RecoveryPoint is { } point
                ? Math.Max(0, (site.Now - point.TakenAt).TotalSeconds)
                : null,
        };
    }

    private string? LocalStatus(StateView state, Relation relation, string source, string replicaSite) =>
        WritePermission.Of(state, site.SelfText, relation.VolumeId).IsAllowed ? ReplicationWords.Primary
        : replicaSite == site.SelfText && source != site.SelfText ? relation.Target?.State ?? ReplicationWords.Waiting
        : source == site.SelfText && !relation.IsPassedOn ? ReplicationWords.Waiting
        : null;

    private sealed record Checked(string HomeSite, string HomeBackend, string TargetSite, string TargetBackend, bool IsPassedOn);
}
