using System.Net.WebSockets;
using Skerry.Sync.Protocol;

namespace Skerry.Sync.Transport.WebSockets;

/// <summary>A frame is one binary WebSocket message.</summary>
/// <remarks>
/// Memory for a frame grows as its bytes arrive, so a peer gets no more of it than it has sent, and at most
/// <see cref="SyncOptions.FrameLimitBytes"/>.
/// </remarks>
public sealed class WebSocketConnection(WebSocket socket, string remote, int frameLimitBytes) : IFrameConnection
{
    private const int FirstBufferBytes = 4096;

    public string Remote => remote;

    public Action<int>? Arrived { get; set; }

    public async ValueTask SendAsync(ReadOnlyMemory<byte> frame, CancellationToken cancellationToken)
    {
        try
        {
            await socket.SendAsync(frame, WebSocketMessageType.Binary, endOfMessage: true, cancellationToken);
        }
        catch (Exception broken) when (IsBroken(broken))
        {
            throw new IOException($"The connection to {remote} broke: {broken.Message}", broken);
        }
    }

    public async ValueTask<ReadOnlyMemory<byte>?> ReceiveAsync(CancellationToken cancellationToken)
    {
        var buffer = new byte[FirstBufferBytes];
        var filled = 0;
        while (true)
        {
            ValueWebSocketReceiveResult part;
            try
            {
                part = await socket.ReceiveAsync(buffer.AsMemory(filled), cancellationToken);
            }
            catch (Exception broken) when (IsBroken(broken))
            {
                throw new IOException($"The connection to {remote} broke: {broken.Message}", broken);
            }

            if (part.MessageType == WebSocketMessageType.Close)
            {
                return null;
            }

            if (part.MessageType != WebSocketMessageType.Binary)
            {
                throw new ProtocolException(ByeCode.Malformed, "A frame came as text; frames are binary messages.");
            }

            filled += part.Count;
            Arrived?.Invoke(part.Count);
            if (filled > frameLimitBytes)
            {
                throw new ProtocolException(
                    ByeCode.Malformed, $"A frame is larger than the limit of {frameLimitBytes} bytes.");
            }

            if (part.EndOfMessage)
            {
                return buffer.AsMemory(0, filled);
            }

            if (filled == buffer.Length)
            {
                // One byte above the limit is room enough to see that the limit was passed.
                Array.Resize(ref buffer, (int)Math.Min(buffer.Length * 2L, frameLimitBytes + 1L));
            }
        }
    }

    public async ValueTask CloseAsync(CancellationToken cancellationToken)
    {
        if (socket.State is not (WebSocketState.Open or WebSocketState.CloseReceived))
        {
            return;
        }

        try
        {
            await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, cancellationToken);
        }
        catch (Exception broken) when (IsBroken(broken) || broken is OperationCanceledException)
        {
            // It is closed, which is all that was asked for.
            socket.Abort();
        }
    }

    public ValueTask DisposeAsync()
    {
        socket.Dispose();
        return ValueTask.CompletedTask;
    }

    private static bool IsBroken(Exception exception) =>
        exception is WebSocketException or IOException or ObjectDisposedException or InvalidOperationException;
}
