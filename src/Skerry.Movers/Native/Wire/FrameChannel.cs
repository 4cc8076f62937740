using System.Buffers;
using System.Net.WebSockets;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Skerry.Movers.Native.Wire;

/// <summary>
/// Frames over a WebSocket: one binary message each, a byte of kind and the rest. Sends may come from several tasks and go out
/// whole; one task receives.
/// </summary>
internal sealed class FrameChannel : IDisposable
{
    /// <summary>The longest frame in bytes. One write of a disk is never split, and the NBD server takes up to 32 MiB in one.</summary>
    public const int MaxFrameBytes = 40 << 20;

    /// <summary>Copying these costs less than a buffer of their own.</summary>
    private const int SmallBytes = 16 << 10;

    private readonly WebSocket _socket;
    private readonly TimeProvider _time;
    private readonly SemaphoreSlim _sending = new(1, 1);
    private byte[] _received = ArrayPool<byte>.Shared.Rent(64 << 10);
    private long _heardAt;

    public FrameChannel(WebSocket socket, TimeProvider time)
    {
        _socket = socket;
        _time = time;
        _heardAt = time.GetTimestamp();
    }

    /// <summary>
    /// Ends the link when nothing has arrived for so long. It never sends: a link on which nothing moves holds senders up, and
    /// whoever waits to send could not watch.
    /// </summary>
    public async Task WatchAsync(TimeSpan deadAfter, CancellationTokenSource ended)
    {
        try
        {
            while (true)
            {
                var left = deadAfter - _time.GetElapsedTime(Interlocked.Read(ref _heardAt));
                if (left <= TimeSpan.Zero)
                {
                    IsSilent = true;
                    await ended.CancelAsync();
                    return;
                }

                await Task.Delay(left, _time, ended.Token);
            }
        }
        catch (OperationCanceledException)
        {
            // The link ended otherwise.
        }
    }

    /// <summary>True when <see cref="WatchAsync"/> ended the link.</summary>
    public bool IsSilent { get; private set; }

    public async ValueTask SendAsync(FrameBuilder frame, CancellationToken cancellationToken)
    {
        await _sending.WaitAsync(cancellationToken);
        try
        {
            await _socket.SendAsync(frame.Written, WebSocketMessageType.Binary, endOfMessage: true, cancellationToken);
            MoverMetrics.Wire.Add(frame.LengthBytes, MoverMetrics.Sent);
        }
        finally
        {
            _sending.Release();
        }
    }

    public async ValueTask SendAsync<T>(FrameKind kind, T body, JsonTypeInfo<T> type, CancellationToken cancellationToken)
    {
        using var frame = new FrameBuilder(kind);
        frame.Bytes(JsonSerializer.SerializeToUtf8Bytes(body, type));
        await SendAsync(frame, cancellationToken);
    }

    /// <summary>The next frame; its payload is valid until the next call. Null at an orderly end.</summary>
    public async ValueTask<Frame?> ReceiveAsync(CancellationToken cancellationToken)
    {
        var length = 0;
        while (true)
        {
            if (length == _received.Length)
            {
                Grow();
            }

            var part = await _socket.ReceiveAsync(_received.AsMemory(length), cancellationToken);
            Interlocked.Exchange(ref _heardAt, _time.GetTimestamp());
            if (part.MessageType == WebSocketMessageType.Close)
            {
                return null;
            }

            length += part.Count;
            if (!part.EndOfMessage)
            {
                continue;
            }

            MoverMetrics.Wire.Add(length, MoverMetrics.Received);
            return part.MessageType == WebSocketMessageType.Binary && length > 0
                ? new Frame((FrameKind)_received[0], _received.AsMemory(1, length - 1))
                : throw new MoverProtocolException("The peer sent a message that is no frame.");
        }
    }

    /// <summary>Makes the frame that was received last the caller's, so that the next can be received meanwhile.</summary>
    public OwnedFrame Detach(Frame frame)
    {
        var length = frame.Payload.Length;
        if (length > SmallBytes)
        {
            // The next one is likely as long.
            var full = _received;
            _received = ArrayPool<byte>.Shared.Rent(full.Length);
            return new OwnedFrame(frame.Kind, full, 1, length);
        }

        var copy = ArrayPool<byte>.Shared.Rent(length);
        frame.Payload.CopyTo(copy);
        return new OwnedFrame(frame.Kind, copy, 0, length);
    }

    /// <summary>Says goodbye when the link still works; never waits long and never throws for a dead one.</summary>
    public async ValueTask CloseAsync(string reason)
    {
        if (_socket.State is not (WebSocketState.Open or WebSocketState.CloseReceived))
        {
            return;
        }

        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(1), _time);
        try
        {
            await _socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, reason, patience.Token);
        }
        catch (Exception e) when (e is WebSocketException or OperationCanceledException or IOException or ObjectDisposedException)
        {
            // The other side is told by the broken connection instead.
        }
    }

    /// <summary>Ends the link at once; a receive that waits fails.</summary>
    public void Abort() => _socket.Abort();

    /// <summary>Nobody may be receiving any more.</summary>
    public void Dispose()
    {
        _socket.Abort();
        _socket.Dispose();
        ArrayPool<byte>.Shared.Return(Interlocked.Exchange(ref _received, []));
        _sending.Dispose();
    }

    private void Grow()
    {
        if (_received.Length >= MaxFrameBytes)
        {
            throw new MoverProtocolException($"The peer sent a frame of more than {MaxFrameBytes} bytes.");
        }

        var larger = ArrayPool<byte>.Shared.Rent(Math.Min(MaxFrameBytes, _received.Length * 4));
        _received.CopyTo(larger, 0);
        ArrayPool<byte>.Shared.Return(_received);
        _received = larger;
    }
}

/// <summary>A received frame; the payload belongs to the channel.</summary>
internal readonly record struct Frame(FrameKind Kind, ReadOnlyMemory<byte> Payload)
{
    public T Json<T>(JsonTypeInfo<T> type)
    {
        try
        {
            return JsonSerializer.Deserialize(Payload.Span, type)
                ?? throw new MoverProtocolException($"The peer sent an empty {Kind} frame.");
        }
        catch (JsonException e)
        {
            throw new MoverProtocolException($"The peer sent a {Kind} frame that cannot be read: {e.Message}");
        }
    }
}

/// <summary>A received frame in a pooled buffer of its own, which goes back when it is disposed.</summary>
internal sealed class OwnedFrame(FrameKind kind, byte[] buffer, int from, int length) : IDisposable
{
    private byte[]? _buffer = buffer;

    public Frame Frame => new(kind, (_buffer ?? throw new ObjectDisposedException(nameof(OwnedFrame))).AsMemory(from, length));

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _buffer, null) is { } given)
        {
            ArrayPool<byte>.Shared.Return(given);
        }
    }
}

/// <summary>The peer does not speak the protocol, or what it sent was damaged. The link ends; trying again may help.</summary>
internal sealed class MoverProtocolException(string message) : Exception(message);
