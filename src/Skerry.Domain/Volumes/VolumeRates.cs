using System.Globalization;

namespace Skerry.Domain.Volumes;

/// <summary>How fast all clients of one volume together are served, each volume by itself; nothing said is no limit.</summary>
/// <remarks>
/// The keys are those that OpenStack's compute service knows of the consumer "front-end": <c>total_iops_sec</c>,
/// <c>read_iops_sec</c>, <c>write_iops_sec</c>, <c>total_bytes_sec</c>, <c>read_bytes_sec</c>, <c>write_bytes_sec</c>, each a second;
/// and each with <c>_max</c>, what may be used at once after a pause.
/// </remarks>
public sealed record VolumeRates(
    VolumeRate TotalOperations, VolumeRate ReadOperations, VolumeRate WriteOperations, VolumeRate TotalBytes, VolumeRate ReadBytes, VolumeRate WriteBytes)
{
    private const string BurstSuffix = "_max";

    private static readonly string[] Names =
        ["total_iops_sec", "read_iops_sec", "write_iops_sec", "total_bytes_sec", "read_bytes_sec", "write_bytes_sec"];

    public static VolumeRates Unlimited { get; } = new(default, default, default, default, default, default);

    /// <summary>The first thing that is wrong with a specification as a whole; null when it can be kept.</summary>
    internal static Refusal? Check(IReadOnlyDictionary<string, string> specs)
    {
        foreach (var (key, value) in specs.OrderBy(s => s.Key, StringComparer.Ordinal))
        {
            var name = key.EndsWith(BurstSuffix, StringComparison.Ordinal) ? key[..^BurstSuffix.Length] : key;
            if (!Names.Contains(name))
            {
                return Refusal.Invalid(key, $"{key} is no rate that is held here.", $"Give some of {string.Join(", ", Names)}, each also with {BurstSuffix}.");
            }

            if (!long.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number) || number < 1)
            {
                return Refusal.Invalid(key, $"{key} is '{value}'.", $"Give a whole number from 1 on, or leave it out for no limit.");
            }

            if (name != key && !specs.ContainsKey(name))
            {
                return Refusal.Invalid(key, $"{key} says how far {name} may be exceeded, and there is no {name}.", $"Give {name} too.");
            }
        }

        return null;
    }

    /// <summary>What a specification says; what it does not say rightly is passed over, as a later version may have written it.</summary>
    internal static VolumeRates Read(IReadOnlyDictionary<string, string> specs)
    {
        return new(Rate(0), Rate(1), Rate(2), Rate(3), Rate(4), Rate(5));

        VolumeRate Rate(int index) => Number(Names[index]) is > 0 and var rate ? new(rate, Number(Names[index] + BurstSuffix)) : default;

        long Number(string key) =>
            specs.TryGetValue(key, out var text) && long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0;
    }
}

/// <summary>Operations or bytes.</summary>
/// <param name="PerSecond">0 for no limit.</param>
/// <param name="Burst">What may be used at once after a pause; 0 where the server may choose.</param>
public readonly record struct VolumeRate(long PerSecond, long Burst);
