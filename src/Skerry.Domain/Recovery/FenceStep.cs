using Skerry.Domain.Operations;
using Skerry.Domain.Replication;
using Skerry.Domain.Volumes;

namespace Skerry.Domain.Recovery;

/// <summary>Has the sites that may still write fenced from outside, before a promotion without their consent decides.</summary>
internal static class FenceStep
{
    /// <summary>Why the promotion must not go on; null when it may.</summary>
    public static async ValueTask<string?> RunAsync(
        IExternalFence fence, SiteContext site, Operation operation, RecoveryParameters wanted, PrimaryView primary,
        CancellationToken cancellationToken)
    {
        if (!wanted.IsForced || wanted.WithoutFence || wanted.FencedBy is not null || (primary.Current.IsDemoted && !primary.IsSplitBrain))
        {
            return null;
        }

        var state = StateView.Of(site.Replica);
        var names = new SiteDirectory(site, state);
        var volumeName = state.Find(EntityKinds.Volume, primary.Current.VolumeId)?.Text("name", "") ?? "";
        foreach (var old in primary.Rivals.Prepend(primary.Current).Select(g => g.Site).Distinct(StringComparer.Ordinal))
        {
            if (old == site.SelfText || old.Length == 0)
            {
                continue;
            }

            var request = new FenceRequest(
                primary.Current.VolumeId, volumeName, names.NameOf(old), old, primary.Current.Number, operation.Id);
            if (await fence.FenceAsync(request, cancellationToken) is { } refusal)
            {
                return $"{refusal} Nothing was changed.";
            }
        }

        return null;
    }
}
