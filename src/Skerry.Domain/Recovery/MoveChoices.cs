using Skerry.Domain.Replication;
using Skerry.Domain.Sites;
using Skerry.Domain.Volumes;

namespace Skerry.Domain.Recovery;

/// <summary>Finds out which move is meant by a request: to which site, and whether there is such a copy.</summary>
internal sealed class MoveChoices(SiteContext site, ILinkStatus links)
{
    /// <summary>The move, or why there is none to be made: nobody may ask for it, or no one site is meant.</summary>
    public Outcome<PrimaryMove> Resolve(StateView state, Actor actor, string volumeId, string? toSite, bool toHome, bool mayNamePrimary = false)
    {
        if (Check(state, actor, volumeId) is { } refusal)
        {
            return refusal;
        }

        var primary = Generations.Primary(state, volumeId)!;
        var owner = Generations.Owner(Generations.Of(state, volumeId))!;
        var names = new SiteDirectory(site, state);
        var relations = Relation.OfVolume(state, volumeId);
        string target;
        if (toSite is not null)
        {
            var resolved = names.Resolve(toSite);
            if (resolved.IsRefused)
            {
                return resolved.Refusal! with { Field = "to_site" };
            }

            target = resolved.Value;
        }
        else
        {
            // Ciphertext is offered only where there is nothing else, so that it is said why that cannot be.
            var fit = relations.Any(r => !r.IsCiphertextOnly) ? relations.Where(r => !r.IsCiphertextOnly) : relations;
            var candidates = (toHome
                ? fit.Where(r => !r.IsPassedOn).Select(r => r.HomeSite)
                : fit.Where(r => r.SourceOf(owner) == owner).Select(r => r.ReplicaOf(owner).Site)).Distinct().ToList();
            if (candidates.Count == 0 && mayNamePrimary && primary.Current.IsDemoted)
            {
                // The only copy that there is, demoted by hand.
                candidates.Add(owner);
            }

            if (candidates.Count != 1)
            {
                return candidates.Count == 0
                    ? Refusal.State($"Volume {volumeId} is not replicated.", "Make a replication first.")
                    : Refusal.Invalid(
                        "to_site", $"Volume {volumeId} has replicas at {string.Join(", ", candidates.Select(names.NameOf))}.", "Name one.");
            }

            target = candidates[0];
        }

        var relation = relations.FirstOrDefault(r => r.ReplicaOf(owner).Site == target)
            ?? relations.FirstOrDefault(r => r.BackendAt(target) is not null);
        return relation is null && target != owner
            ? Refusal.State($"Site {names.NameOf(target)} has no copy of volume {volumeId}.", "Name a site that has one.")
            : new PrimaryMove(volumeId, primary, target, names.NameOf(target)) { Relation = relation };
    }

    /// <summary>
    /// Of several replicas, for a move by force, the one that has most of those that are reached; which copy of a split brain to
    /// keep is for a person to say.
    /// </summary>
    public async ValueTask<(string? Site, string? Why)> ChooseAsync(
        PromotionFactsReader reader, StateView state, string volumeId, string? named, bool isForced, CancellationToken cancellationToken)
    {
        if (named is not null || !isForced || Generations.Primary(state, volumeId) is not { IsSplitBrain: false } primary)
        {
            return (named, null);
        }

        if (PromotedBefore.Site(state, volumeId, new Reach(site, state, links)) is { } done)
        {
            return (done, null);
        }

        var copies = await reader.StandingsAsync(state, primary, volumeId, cancellationToken);
        return copies.FirstOrDefault(c => c.IsReached) is { } best && Relation.OfVolume(state, volumeId).Count > 1
            ? (best.Site, $"Site {best.Name} has the most advanced copy that is reached, of {string.Join(", ", copies)}.")
            : (null, null);
    }

    /// <summary>The one site that all were promoted at before, by force; null when that is not so.</summary>
    public string? PromotedAt(StateView state, IEnumerable<string> volumeIds)
    {
        var reach = new Reach(site, state, links);
        var sites = volumeIds.Select(v => PromotedBefore.Site(state, v, reach)).Distinct().Take(2).ToList();
        return sites is [{ } one] ? one : null;
    }

    /// <summary>Whether this actor may move the volume's primary at all; null when he may.</summary>
    public static Refusal? Check(StateView state, Actor actor, string volumeId) =>
        state.Find(EntityKinds.Volume, volumeId) is not { } volume || !actor.MaySee(volume.Text("project_id"))
            ? Refusal.NotFound("volume", volumeId)
        : !actor.IsAdmin ? new Refusal(RefusalKind.NotAllowed, "A volume's primary is moved by administrators.")
        : volume.Text(VolumeEntity.DrillOf) is { } drilled ? Refusal.State(
            $"Volume {volumeId} is a drill of volume {drilled}, which has no other copies.", "Stop the drill when it has served.")
        : Generations.Primary(state, volumeId) is null ? Refusal.State($"Volume {volumeId} is still being created.", "Wait until it is available.")
        : null;
}

/// <summary>A move of one volume's primary as it was asked for, and found in the state.</summary>
internal sealed record PrimaryMove(string VolumeId, PrimaryView Primary, string ToSite, string ToName)
{
    /// <summary>By force only: the site's fence command is not run.</summary>
    public bool WithoutFence { get; init; }

    /// <summary>The operation of those that move together.</summary>
    public string? JointOperationId { get; init; }

    /// <summary>By force only: the snapshot to return to.</summary>
    public string? SnapshotId { get; init; }

    /// <summary>The operation that had the old primary fenced for this one.</summary>
    public string? FencedBy { get; init; }

    public Relation? Relation { get; init; }

    /// <summary>Why this site, when none was named.</summary>
    public string? Choice { get; init; }

    /// <summary>Nothing is to be done: the site is the primary.</summary>
    public bool IsThere => !Primary.IsSplitBrain && Primary.Current.Site == ToSite;

    /// <summary>The write to promote at; null for any.</summary>
    public long? AtNumber { get; init; }
}
