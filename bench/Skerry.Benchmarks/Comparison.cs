using System.Text.Json.Serialization;

namespace Skerry.Benchmarks;

/// <summary>One number of ours beside the same number of a peer, both medians of runs that took turns.</summary>
/// <param name="Metric">What was measured.</param>
/// <param name="Value">Ours.</param>
/// <param name="Unit">The unit of both; a rate, where more is better, unless <paramref name="LessIsBetter"/>.</param>
/// <param name="Peer">Whom we stand beside: another program, ourselves in another state, or a bound.</param>
/// <param name="PeerValue">Theirs.</param>
/// <param name="Goal">The ratio to reach, on the row of the peer that it is meant against.</param>
/// <param name="LessIsBetter">True for times, sizes and amplifications.</param>
public sealed record Comparison(
    string Metric,
    double Value,
    string Unit,
    string Peer,
    [property: JsonPropertyName("peer_value")] double PeerValue,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] double? Goal = null,
    [property: JsonIgnore] bool LessIsBetter = false)
{
    /// <summary>Above 1 where we are better.</summary>
    public double Ratio => Math.Round(LessIsBetter ? PeerValue / Value : Value / PeerValue, 3);
}
