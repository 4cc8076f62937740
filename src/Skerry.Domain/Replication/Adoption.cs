using Skerry.Domain.Volumes;

namespace Skerry.Domain.Replication;

/// <summary>
/// Which volume of a site a replica may begin with: one that nobody writes, and that is nobody else's replica. It stays as it is: the
/// replica begins as its clone.
/// </summary>
internal static class Adoption
{
    public static Refusal? Check(StateView state, string seed, string target, SiteDirectory names)
    {
        if (state.Find(EntityKinds.Volume, seed) is not { } volume)
        {
            return Refusal.NotFound("volume", seed) with { Field = "adopt" };
        }

        var generations = Generations.Of(state, seed);
        var owner = Generations.Owner(generations) ?? volume.Text("site");
        return owner != target
                ? Refusal.Invalid("adopt", $"Volume {seed} is at site {names.NameOf(owner ?? "")}, not at {names.NameOf(target)}.", "Name one of that site.")
            : Relation.OfVolume(state, seed) is [var relation, ..]
                ? Refusal.State(
                    $"Volume {seed} belongs to replication {relation.Id}: its copies are of one disk, which is not this one.",
                    "Delete that replication first, or name another volume.")
            : PrimaryView.Of(generations) is not { Current.IsDemoted: true }
                ? Refusal.State(
                    $"Volume {seed} is a primary at site {names.NameOf(target)}, and takes writes.",
                    $"Demote it first: skerry volume demote {seed}.")
            : volume.Flag(VolumeEntity.Encrypted)
                ? Refusal.State($"Volume {seed} is encrypted with a key of its own.", "Make the replication without adopt.")
            : null;
    }
}
