using Skerry.Blocks;
using Skerry.Domain;
using Skerry.Movers.Native.Wire;

namespace Skerry.Movers.Native;

/// <summary>The cuts of the volume's group on their way to one replica, which keeps the state at each and says so.</summary>
internal sealed class PassedCuts(SourceEnd source, ReplicaPeer peer)
{
    private Awaited? _awaited;

    /// <summary>The replica is in the state of the cut: has that kept.</summary>
    public async ValueTask SendAsync(TapMark mark, CancellationToken cancellationToken)
    {
        await peer.SendAsync(
            FrameKind.GroupMark, new GroupMarkMessage(mark.Id, mark.Number, mark.At), MoverJson.Default.GroupMarkMessage, cancellationToken);
        await FailPoint.ReachAsync(GroupSteps.MarkSent, source.Volume);
    }

    /// <summary>As <see cref="SendAsync"/>, and waits until it is kept, durably. A replica of an older version keeps none.</summary>
    public async ValueTask KeepAsync(TapMark mark, CancellationToken cancellationToken)
    {
        source.Facts.Group.Meet(peer.Can(Features.GroupMarks));
        if (peer.Can(Features.GroupMarks))
        {
            var awaited = new Awaited(mark.Id, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
            Volatile.Write(ref _awaited, awaited);
            await SendAsync(mark, cancellationToken);
            await awaited.Kept.Task.WaitAsync(cancellationToken);
        }
    }

    /// <summary>The replica says that it keeps the state at the cut.</summary>
    public void Kept(string cutId)
    {
        source.Facts.Group.Kept(cutId);
        if (Volatile.Read(ref _awaited) is { } awaited && awaited.CutId == cutId)
        {
            awaited.Kept.TrySetResult();
        }
    }

    private sealed record Awaited(string CutId, TaskCompletionSource Kept);
}
