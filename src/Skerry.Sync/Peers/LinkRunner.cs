using Skerry.State.Storage;
using Skerry.Sync.Protocol;
using Skerry.Sync.Transport;

namespace Skerry.Sync.Peers;

/// <summary>Runs one session over one connection: a reader and a writer, until either end is done.</summary>
internal sealed class LinkRunner(
    LinkSession session, IFrameConnection connection, SiteLocal local, Action<LinkRunner> heard, Action<LinkRunner> greeted)
{
    private static readonly TimeSpan GoodbyeTimeout = TimeSpan.FromSeconds(1);

    private readonly WakeUp _wake = new();
    private long _bytesSent;
    private long _bytesReceived;

    public LinkSession Session => session;

    /// <summary>In frames, over this connection.</summary>
    public (long Sent, long Received) Bytes => (Interlocked.Read(ref _bytesSent), Interlocked.Read(ref _bytesReceived));

    public string Remote => connection.Remote;

    /// <summary>There may be something to send.</summary>
    public void Pulse() => _wake.Set();

    /// <summary>Closes from this end, after what was sent so far.</summary>
    public void Close(ByeCode code, string text)
    {
        session.Close(code, text);
        Pulse();
    }

    /// <summary>Returns when the connection is over, with the reason in words; throws only what is this program's own fault.</summary>
    public async Task<string> RunAsync(CancellationToken stopping)
    {
        using var over = new CancellationTokenSource();
        await using var stop = stopping.Register(() => Close(ByeCode.Stopping, "The site stops."));
        var writer = WriteAsync(over.Token);
        var reader = ReadAsync(over.Token);
        try
        {
            var first = await Task.WhenAny(writer, reader);
            if (session.IsClosing)
            {
                // The last word still has to be written, and read before the connection is torn down.
                Pulse();
                await Task.WhenAny(first == reader ? writer : reader, Task.Delay(GoodbyeTimeout, CancellationToken.None));
            }
        }
        finally
        {
            await over.CancelAsync();
            await connection.DisposeAsync();
            session.Dispose();
        }

        var written = await writer;
        var read = await reader;
        return read ?? written ?? "the connection ended";
    }

    private async Task<string?> WriteAsync(CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                var step = session.Next();
                if (step.Frame is null)
                {
                    await _wake.WaitAsync(Bounded(step.After), cancellationToken);
                    continue;
                }

                var bytes = session.Encode(step.Frame);
                await connection.SendAsync(bytes, cancellationToken);
                Interlocked.Add(ref _bytesSent, bytes.Length);
                if (step.IsLast)
                {
                    await connection.CloseAsync(cancellationToken);
                    return ((Bye)step.Frame).Text;
                }
            }
        }
        catch (Exception broken) when (broken is IOException or OperationCanceledException)
        {
            return broken is IOException ? broken.Message : null;
        }
    }

    private async Task<string?> ReadAsync(CancellationToken cancellationToken)
    {
        using var silence = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var isGreeted = false;
        connection.Arrived = bytes =>
        {
            Interlocked.Add(ref _bytesReceived, bytes);
            if (isGreeted)
            {
                // The middle of a frame on a slow link.
                silence.CancelAfter(local.Options.DeadAfter);
                heard(this);
            }
        };
        try
        {
            while (true)
            {
                silence.CancelAfter(isGreeted ? local.Options.DeadAfter : local.Options.DialTimeout);
                var frame = await connection.ReceiveAsync(silence.Token);
                silence.CancelAfter(Timeout.InfiniteTimeSpan);
                if (frame is null)
                {
                    return "the other end closed the connection";
                }

                await session.ReceiveAsync(frame.Value, cancellationToken);
                if (session.PeerBye is { } bye)
                {
                    return $"the other end closed the link: {bye.Text}";
                }

                if (!isGreeted && session.IsGreeted)
                {
                    isGreeted = true;
                    heard(this);
                    greeted(this);
                }

                Pulse();
            }
        }
        catch (Exception ended) when (
            ended is OperationCanceledException or IOException
            && silence.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            // Giving up a read breaks the socket, and which of the two the reader sees first is chance.
            session.Close(ByeCode.Silent, "Nothing was heard for too long.");
            return isGreeted
                ? $"nothing was heard for {local.Options.DeadAfter.TotalSeconds:0.#} s"
                : $"no greeting came within {local.Options.DialTimeout.TotalSeconds:0.#} s";
        }
        catch (OperationCanceledException)
        {
            return null;
        }
        catch (IOException broken)
        {
            return broken.Message;
        }
        catch (ProtocolException fault)
        {
            session.Close(fault.Code, fault.Message);
            return fault.Message;
        }
        catch (StateStoreException failed)
        {
            session.Close(ByeCode.Failed, "The site cannot write its state; its log says why.");
            return failed.Message;
        }
    }

    // The wait is bounded so that a clock that jumps cannot stretch it.
    private TimeSpan Bounded(TimeSpan? after)
    {
        var most = local.Options.HeartbeatInterval;
        return after is { } wanted && wanted < most ? (wanted > TimeSpan.Zero ? wanted : TimeSpan.Zero) : most;
    }
}
