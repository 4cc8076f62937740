using System.Net.WebSockets;
using Skerry.Movers.Native.Wire;

namespace Skerry.Movers.Tests.Native.Disasters;

/// <summary>What befalls one frame of a link.</summary>
internal enum FrameFault
{
    /// <summary>It comes twice.</summary>
    Repeated,

    /// <summary>Its end is missing.</summary>
    Short,

    /// <summary>A bit of it is turned; only of frames that carry content, the others rely on the link's TLS.</summary>
    Damaged,
}

/// <summary>A connection that does one frame wrong on its way out, and keeps the rest as it is.</summary>
internal sealed class FaultySocket(WebSocket inner, FrameFault fault, int atFrame, Random chance) : WebSocket
{
    private int _left = atFrame;

    public override WebSocketCloseStatus? CloseStatus => inner.CloseStatus;

    public override string? CloseStatusDescription => inner.CloseStatusDescription;

    public override WebSocketState State => inner.State;

    public override string? SubProtocol => inner.SubProtocol;

    public override void Abort() => inner.Abort();

    public override void Dispose() => inner.Dispose();

    public override Task CloseAsync(WebSocketCloseStatus closeStatus, string? statusDescription, CancellationToken cancellationToken) =>
        inner.CloseAsync(closeStatus, statusDescription, cancellationToken);

    public override Task CloseOutputAsync(WebSocketCloseStatus closeStatus, string? statusDescription, CancellationToken cancellationToken) =>
        inner.CloseOutputAsync(closeStatus, statusDescription, cancellationToken);

    public override Task<WebSocketReceiveResult> ReceiveAsync(ArraySegment<byte> buffer, CancellationToken cancellationToken) =>
        inner.ReceiveAsync(buffer, cancellationToken);

    public override ValueTask<ValueWebSocketReceiveResult> ReceiveAsync(Memory<byte> buffer, CancellationToken cancellationToken) =>
        inner.ReceiveAsync(buffer, cancellationToken);

    public override Task SendAsync(
        ArraySegment<byte> buffer, WebSocketMessageType messageType, bool endOfMessage, CancellationToken cancellationToken) =>
        SendAsync(buffer.AsMemory(), messageType, endOfMessage, cancellationToken).AsTask();

    public override async ValueTask SendAsync(
        ReadOnlyMemory<byte> buffer, WebSocketMessageType messageType, bool endOfMessage, CancellationToken cancellationToken)
    {
        if (!endOfMessage || buffer.Length == 0 || !MayTake(buffer) || Interlocked.Decrement(ref _left) != 0)
        {
            await inner.SendAsync(buffer, messageType, endOfMessage, cancellationToken);
            return;
        }

        switch (fault)
        {
            case FrameFault.Repeated:
                await inner.SendAsync(buffer, messageType, endOfMessage, cancellationToken);
                await inner.SendAsync(buffer, messageType, endOfMessage, cancellationToken);
                break;
            case FrameFault.Short:
                await inner.SendAsync(buffer[..(1 + chance.Next(buffer.Length))], messageType, endOfMessage, cancellationToken);
                break;
            default:
                var bytes = buffer.ToArray();
                bytes[1 + chance.Next(bytes.Length - 1)] ^= (byte)(1 << chance.Next(8));
                await inner.SendAsync(bytes, messageType, endOfMessage, cancellationToken);
                break;
        }
    }

    private bool MayTake(ReadOnlyMemory<byte> frame) => fault != FrameFault.Damaged
        || (FrameKind)frame.Span[0] is FrameKind.Blocks or FrameKind.Hole or FrameKind.Digests or FrameKind.Writes or FrameKind.Changed
            or FrameKind.Extents or FrameKind.Packed;
}
