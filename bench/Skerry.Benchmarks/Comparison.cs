using System.Text.Json.Serialization;

namespace Skerry.Benchmarks;

/// <summary>One number of ours beside the same number of a peer, both medians of runs that took turns.</summary>
/// <param name="Metric">What was measured.</param>
/// <param name="Value">Ours.</param>
/// <param name="Unit">The unit of both.</param>
/// <param name="Peer">Whom we stand beside.</param>
/// <param name="PeerValue">Theirs.</param>
public sealed record Comparison(string Metric, double Value, string Unit, string Peer, [property: JsonPropertyName("peer_value")] double PeerValue)
{
    /// <summary>Above 1 where we are better. All units so far are rates, where more is better.</summary>
    public double Ratio => Math.Round(Value / PeerValue, 3);
}
