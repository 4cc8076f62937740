namespace Skerry.Blocks.Nbd;

/// <summary>How fast all clients of one export together may be served; <see cref="NbdRate.Unlimited"/> where nothing is said.</summary>
/// <remarks>
/// Operations are reads, writes, trims and write-zeroes, of any size; bytes are those that reads and writes move. Trims and zeroes
/// move none, and flushes are free: what they make durable was counted when it was written.
/// </remarks>
public sealed record NbdLimits
{
    public NbdRate TotalOperations { get; init; }

    public NbdRate ReadOperations { get; init; }

    public NbdRate WriteOperations { get; init; }

    public NbdRate TotalBytes { get; init; }

    public NbdRate ReadBytes { get; init; }

    public NbdRate WriteBytes { get; init; }
}

/// <summary>A rate, and how much of it may be saved up while idle.</summary>
/// <param name="PerSecond">Operations or bytes; 0 for no limit.</param>
/// <param name="Burst">
/// What may be used at once after a pause; 0 for a tenth of a second's worth. Never less than one, nor than a twentieth of a second
/// brings.
/// </param>
public readonly record struct NbdRate(long PerSecond, long Burst = 0)
{
    public static NbdRate Unlimited => default;
}
