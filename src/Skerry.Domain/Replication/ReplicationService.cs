using Skerry.Domain.Volumes;
using Skerry.State;
using Skerry.State.Merging;

namespace Skerry.Domain.Replication;

/// <summary>What administrators do with replications. Everything is answered from this site; the two sides of the relation act on it.</summary>
public sealed class ReplicationService(SiteContext site, FreshStatuses fresh)
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

    /// <summary>Nothing is shipped until resumed; what was shipped stays and can be promoted.</summary>
    public ValueTask<Outcome<ReplicationView>> PauseAsync(Actor actor, string id, CancellationToken cancellationToken) =>
        ChangeAsync(
            actor, id, (transaction, key) => transaction.Set(key, Relation.PausedField, FieldValue.From(true)), cancellationToken,
            relation => AckChoice.ReasonToKeep(StateView.Of(site.Replica), relation, "paused"));

    public ValueTask<Outcome<ReplicationView>> ResumeAsync(Actor actor, string id, CancellationToken cancellationToken) =>
        ChangeAsync(actor, id, (transaction, key) => transaction.Set(key, Relation.PausedField, FieldValue.From(false)), cancellationToken);

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

        var allowed = BackendReport.Of(state, from).FirstOrDefault(b => b.Name == fromBackend)?.ReplicationTargets;
        var backend = CheckBackend(state, target, targetName, request, volume, allowed);
        return backend.IsRefused ? backend.Refusal! : new Checked(from, fromBackend, target, backend.Value, isPassedOn);
    }

    private static Outcome<string> CheckBackend(
        StateView state, string target, string siteName, CreateReplicationRequest request, Entity volume, string? allowed)
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
            if (backends.Count == 0 || (request.TargetBackend is { } asked && backends.TrueForAll(b => b.Name != asked)))
            {
                return Refusal.Invalid(
                    request.TargetBackend is null ? "target_site" : "target_backend",
                    $"Volumes of backend {volume.Text("backend")} may be replicated to {string.Join(", ", places)} only.",
                    "Name one of these, or have valid_replication_devices changed in the configuration of the volume's site.");
            }
        }

        var names = string.Join(", ", backends.Select(b => b.Name));
        var backend = request.TargetBackend is { } wanted
            ? backends.FirstOrDefault(b => b.Name == wanted)
            : backends.Count == 1 ? backends[0] : backends.FirstOrDefault(b => b.Name == volume.Text("backend"));
        if (backend is null)
        {
            return request.TargetBackend is null
                ? Refusal.Invalid("target_backend", $"Site {siteName} has several native backends.", $"Name one of {names}.")
                : Refusal.Invalid("target_backend", $"Site {siteName} has no native backend {request.TargetBackend}.", $"It has {names}.");
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

    private ReplicationView View(StateView state, Relation relation)
    {
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
            RecoveryPointAgeSeconds = relation.Target?.RecoveryPoint is { } point
                ? Math.Max(0, (site.Now - point.TakenAt).TotalSeconds)
                : null,
        };
    }

    private sealed record Checked(string HomeSite, string HomeBackend, string TargetSite, string TargetBackend, bool IsPassedOn);
}
