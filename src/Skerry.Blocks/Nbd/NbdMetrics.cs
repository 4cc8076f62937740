using System.Diagnostics.Metrics;

namespace Skerry.Blocks.Nbd;

/// <summary>
/// What the server measures, on the meter "Skerry.Blocks". No instrument names an export or a client: labels would leak who attaches
/// what, and grow without bound.
/// </summary>
internal sealed class NbdMetrics : IDisposable
{
    private static readonly KeyValuePair<string, object?>[] CommandTags =
        [.. Enum.GetValues<Command>().Select(command => new KeyValuePair<string, object?>("command", command switch
        {
            Command.Read => "read",
            Command.Write => "write",
            Command.Disconnect => "disconnect",
            Command.Flush => "flush",
            Command.Trim => "trim",
            Command.Cache => "cache",
            Command.WriteZeroes => "write_zeroes",
            _ => "block_status",
        }))];

    private static readonly KeyValuePair<string, object?> OtherCommand = new("command", "other");

    private readonly Meter _meter = new("Skerry.Blocks");
    private readonly TimeProvider _time;
    private readonly Histogram<double> _latency;
    private readonly Counter<long> _errors;
    private readonly Counter<long> _received;
    private readonly Counter<long> _sent;
    private readonly Counter<long> _turnedAway;

    public NbdMetrics(TimeProvider time, Func<int> connections)
    {
        _time = time;
        _latency = _meter.CreateHistogram<double>("skerry.nbd.request.duration", "s", "From a request's receipt until its reply is ready; its count is the operations.");
        _errors = _meter.CreateCounter<long>("skerry.nbd.request.errors", "{request}", "Requests answered with an error.");
        _received = _meter.CreateCounter<long>("skerry.nbd.received", "By", "Bytes received from clients that ended or sent a request.");
        _sent = _meter.CreateCounter<long>("skerry.nbd.sent", "By", "Bytes sent to clients.");
        _turnedAway = _meter.CreateCounter<long>("skerry.nbd.connections.refused", "{connection}", "Connections closed at accept, the limit being reached.");
        _meter.CreateObservableGauge("skerry.nbd.connections", connections, "{connection}", "Open connections, handshaking ones included.");
    }

    public long Now => _time.GetTimestamp();

    public void Completed(Command command, long receivedTimestamp, NbdError error)
    {
        KeyValuePair<string, object?> tag = (int)command < CommandTags.Length ? CommandTags[(int)command] : OtherCommand;
        if (_latency.Enabled)
        {
            _latency.Record(_time.GetElapsedTime(receivedTimestamp).TotalSeconds, tag);
        }

        if (error != NbdError.None)
        {
            _errors.Add(1, tag, new("errno", (int)error));
        }
    }

    public void Moved(long receivedBytes, long sentBytes)
    {
        _received.Add(receivedBytes);
        _sent.Add(sentBytes);
    }

    public void TurnedAway() => _turnedAway.Add(1);

    public void Dispose() => _meter.Dispose();
}
