using Skerry.Domain;

namespace Skerry.TestKit.Domain;

/// <summary>Identities and secrets that a seed replays. For tests alone.</summary>
public sealed class SeededIds(int seed) : IIdSource
{
    private readonly Lock _lock = new();
    private readonly Random _random = new(seed);

    public Guid NewGuid()
    {
        Span<byte> bytes = stackalloc byte[16];
        FillSecret(bytes);
        return new Guid(bytes);
    }

    public void FillSecret(Span<byte> secret)
    {
        lock (_lock)
        {
            _random.NextBytes(secret);
        }
    }
}
