namespace Skerry.Benchmarks;

/// <summary>Which part of a benchmark to run, and how thoroughly; from <c>key=value</c> words, empty values meaning the default.</summary>
/// <param name="Cases">Names, or what they begin with before a dash; empty for all.</param>
/// <param name="Transports"><c>tcp</c>, <c>unix</c> or both.</param>
/// <param name="Rounds">Measurements of each case, of which the median counts: an odd number.</param>
/// <param name="Milliseconds">How long one measurement of a steady load takes.</param>
/// <param name="Gibibytes">What a case that writes a fixed amount of data writes.</param>
/// <param name="Seconds">How long one of a pair of writers is measured, with a replica or without.</param>
/// <param name="Peers">What the names of those to measure beside begin with; empty for all, <c>none</c> for none.</param>
internal sealed record Selection(
    IReadOnlyList<string> Cases, IReadOnlyList<string> Transports, int Rounds, int Milliseconds, int Gibibytes, int Seconds, IReadOnlyList<string> Peers)
{
    private static readonly string[] AllTransports = ["unix", "tcp"];

    public static Selection Default { get; } = new([], AllTransports, 3, 800, 2, 6, []);

    public bool Takes(string name) => Cases.Count == 0 || Cases.Any(c => name == c || name.StartsWith($"{c}-", StringComparison.Ordinal));

    public bool TakesPeer(string name) => Peers.Count == 0 || Peers.Any(p => name.StartsWith(p, StringComparison.Ordinal));

    /// <summary>The selection, or every mistake in the words.</summary>
    public static (Selection Selection, IReadOnlyList<string> Mistakes) Parse(IEnumerable<string> words)
    {
        var selection = Default;
        List<string> mistakes = [];
        foreach (var word in words)
        {
            var (key, value) = word.Split('=', 2) is [var k, var v] ? (k, v) : (word, string.Empty);
            if (value.Length == 0 && word.Contains('=', StringComparison.Ordinal))
            {
                continue;
            }

            switch (key)
            {
                case "cases":
                    selection = selection with { Cases = List(value) };
                    break;
                case "peers":
                    selection = selection with { Peers = List(value) };
                    break;
                case "transport" when value is "tcp" or "unix" or "both":
                    selection = selection with { Transports = value == "both" ? AllTransports : [value] };
                    break;
                case "rounds" when int.TryParse(value, out var rounds) && rounds > 0 && rounds % 2 == 1:
                    selection = selection with { Rounds = rounds };
                    break;
                case "milliseconds" when int.TryParse(value, out var milliseconds) && milliseconds is >= 100 and <= 60_000:
                    selection = selection with { Milliseconds = milliseconds };
                    break;
                case "gib" when int.TryParse(value, out var gibibytes) && gibibytes is >= 1 and <= 64:
                    selection = selection with { Gibibytes = gibibytes };
                    break;
                case "seconds" when int.TryParse(value, out var seconds) && seconds is >= 1 and <= 300:
                    selection = selection with { Seconds = seconds };
                    break;
                default:
                    mistakes.Add($"'{word}' is not understood; use cases=A,B transport=tcp|unix|both rounds=ODD milliseconds=100..60000 gib=1..64 seconds=1..300 peers=A,B|none");
                    break;
            }
        }

        return (selection, mistakes);
    }

    private static string[] List(string value) => value.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
}
