namespace Skerry.Domain.Volumes;

/// <summary>
/// Something that a volume must not be deleted from under: asked when the deletion is requested, and again at the owner before
/// anything is taken away.
/// </summary>
public interface IVolumeDeleteGuard
{
    /// <summary>Why the volume must stay, and what to do first; null when nothing stands against it. Reads only <paramref name="state"/>.</summary>
    Refusal? Check(StateView state, string volumeId);

    /// <summary>
    /// The owner is about to take the volume's data away; called after every guard agreed, and again after a crash. What it must do
    /// first (end sessions, put the replica in the trash) it has done when it returns.
    /// </summary>
    ValueTask BeforeDeleteAsync(string volumeId, CancellationToken cancellationToken);
}
