using System.Threading.Channels;
using Skerry.Blocks;
using Skerry.Movers.Native.Wire;

namespace Skerry.Movers.Native;

/// <summary>What the replica answered and the source has not yet read, in order. One task fills it, one reads.</summary>
internal sealed class ReplyInbox
{
    private readonly Channel<object> _replies = Channel.CreateBounded<object>(64);

    public ValueTask AddAsync(object reply, CancellationToken cancellationToken) => _replies.Writer.WriteAsync(reply, cancellationToken);

    /// <summary>The link ended: whoever waits for an answer is told why.</summary>
    public void Close(Exception? reason) => _replies.Writer.TryComplete(reason);

    public async ValueTask<StateMessage> StateAsync(CancellationToken cancellationToken) =>
        await NextAsync(cancellationToken) as StateMessage
        ?? throw new MoverProtocolException("The replica answered with something else than its state.");

    /// <summary>The replica's own changed ranges, as many frames as there are, and then where to go on.</summary>
    public async ValueTask<(IReadOnlyList<ByteRange> Own, long OffsetBytes)> ReadyAsync(CancellationToken cancellationToken)
    {
        var own = new List<ByteRange>();
        while (true)
        {
            switch (await NextAsync(cancellationToken))
            {
                case IReadOnlyList<ByteRange> ranges:
                    own.AddRange(ranges);
                    break;
                case ReadyMessage ready:
                    return (own, ready.OffsetBytes);
                default:
                    throw new MoverProtocolException("The replica answered to a catch-up with something else.");
            }
        }
    }

    public async ValueTask<byte[]> DiffersAsync(CancellationToken cancellationToken) =>
        await NextAsync(cancellationToken) as byte[]
        ?? throw new MoverProtocolException("The replica answered to digests with something else.");

    /// <summary>Turns an answering frame into what the inbox holds.</summary>
    public static object Decode(Frame frame) => frame.Kind switch
    {
        FrameKind.State => frame.Json(MoverJson.Default.StateMessage),
        FrameKind.Ready => frame.Json(MoverJson.Default.ReadyMessage),
        FrameKind.Differs => frame.Payload.ToArray(),
        FrameKind.Changed => Ranges(frame),
        _ => throw new MoverProtocolException($"The replica sent a frame of kind {(byte)frame.Kind}, which is unknown here."),
    };

    private static IReadOnlyList<ByteRange> Ranges(Frame frame)
    {
        var reader = new FrameReader(frame.Payload);
        reader.CheckRest();
        var ranges = new ByteRange[reader.Remaining / 16];
        for (var i = 0; i < ranges.Length; i++)
        {
            ranges[i] = new ByteRange(reader.Int64(), reader.Int64(), false);
            if (ranges[i].OffsetBytes < 0 || ranges[i].LengthBytes <= 0 || ranges[i].OffsetBytes % IBlockDevice.BlockSize != 0)
            {
                throw new MoverProtocolException("The replica names a range that cannot be.");
            }
        }

        return ranges;
    }

    private async ValueTask<object> NextAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await _replies.Reader.ReadAsync(cancellationToken);
        }
        catch (ChannelClosedException e)
        {
            throw e.InnerException ?? new IOException("The replica's site closed the link.");
        }
    }
}
