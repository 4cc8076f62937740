using System.Text.Json.Serialization.Metadata;
using Skerry.Domain;
using Skerry.Movers.Native.Wire;

namespace Skerry.Movers.Native;

/// <summary>The replica at the other end of a source's link: what it is told, what it answers, and where it then is.</summary>
/// <remarks>One task asks, one thing at a time; the receiving task fills <see cref="Replies"/>.</remarks>
internal sealed class ReplicaPeer(SourceEnd source, FrameChannel channel)
{
    private IReadOnlyList<string> _common = [];

    public FrameChannel Channel => channel;

    public ReplyInbox Replies { get; } = new();

    /// <summary>Both sides can do it. Nothing beyond version 1 before the replica's first answer.</summary>
    public bool Can(string feature) => _common.Contains(feature);

    /// <summary>Says what is to be replicated. The replica answers with its state.</summary>
    public async ValueTask GreetAsync(CancellationToken cancellationToken)
    {
        var (task, volume) = (source.Task, source.Volume);
        await SendAsync(
            FrameKind.Hello,
            new HelloMessage(
                HelloMessage.CurrentVersion, task.ReplicationId, task.VolumeId, task.Generation.Number, task.Generation.Id, volume.SizeBytes)
            {
                Features = source.Options.Features,
                IsCiphertext = task.IsCiphertextOnly,
            },
            MoverJson.Default.HelloMessage,
            cancellationToken);
        await FailPoint.ReachAsync(MoverSteps.HelloSent, volume);
    }

    /// <summary>The answer to the greeting, which also says what the replica's site can do.</summary>
    public async ValueTask<StateMessage> FirstStateAsync(CancellationToken cancellationToken)
    {
        var state = await StateAsync(cancellationToken);
        _common = [.. (source.Options.Features ?? []).Where(f => Features.Has(state.Features, f))];
        await FailPoint.ReachAsync(MoverSteps.StateHeard, source.Volume);
        return state;
    }

    /// <summary>The state that the replica tells after a greeting, a catch-up or a question.</summary>
    public async ValueTask<StateMessage> StateAsync(CancellationToken cancellationToken)
    {
        var state = await Replies.StateAsync(cancellationToken);
        source.Heard(state.At);
        source.Facts.Replica = state.Lineage.ToLineage();
        source.Facts.Durable = new SourceFacts.Numbered(state.DurableNumber);
        return state;
    }

    /// <summary>Has the replica make durable all that was sent, and say where it is.</summary>
    public async ValueTask<StateMessage> AskAsync(CancellationToken cancellationToken)
    {
        using var frame = new FrameBuilder(FrameKind.Ask);
        await channel.SendAsync(frame, cancellationToken);
        await FailPoint.ReachAsync(MoverSteps.AskSent, source.Volume);
        return await StateAsync(cancellationToken);
    }

    public ValueTask SendAsync<T>(FrameKind kind, T message, JsonTypeInfo<T> type, CancellationToken cancellationToken) =>
        channel.SendAsync(kind, message, type, cancellationToken);
}
