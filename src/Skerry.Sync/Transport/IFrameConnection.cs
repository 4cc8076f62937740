using Skerry.Sync.Protocol;

namespace Skerry.Sync.Transport;

/// <summary>
/// An open connection to one peer that has proved who it is. Frames arrive whole, once and in order, until the connection breaks;
/// after that nothing arrives any more. One reader and one writer may use it at the same time.
/// </summary>
public interface IFrameConnection : IAsyncDisposable
{
    /// <summary>Where the other end is, for messages.</summary>
    string Remote { get; }

    /// <summary>Called with the number of bytes whenever some arrived, also in the middle of a frame: a slow link is not a silent one.</summary>
    Action<int>? Arrived { get; set; }

    /// <summary>Returns when the frame is handed to the network, which may take as long as the peer does not read. The buffer stays the caller's.</summary>
    /// <exception cref="IOException">The connection is broken.</exception>
    ValueTask SendAsync(ReadOnlyMemory<byte> frame, CancellationToken cancellationToken);

    /// <summary>The next frame, in a buffer that nobody writes again; null when the peer closed in good order.</summary>
    /// <exception cref="IOException">The connection is broken.</exception>
    /// <exception cref="ProtocolException">A frame is over the limit; its rest is never read.</exception>
    ValueTask<ReadOnlyMemory<byte>?> ReceiveAsync(CancellationToken cancellationToken);

    /// <summary>Closes without waiting for the peer; what was sent before still goes out if it can.</summary>
    ValueTask CloseAsync(CancellationToken cancellationToken);
}
