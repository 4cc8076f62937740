using Skerry.State.Storage.Redis;

namespace Skerry.Host.Configuration;

/// <summary>Where the site's replicated state lies: one of the two.</summary>
/// <param name="SqlitePath">A file by its absolute path; default <c>state.db</c> in the data directory.</param>
/// <param name="Redis">A Redis 7 that keeps what it acknowledges; with a prefix for each site.</param>
internal sealed record StoreConfiguration(string? SqlitePath, RedisAddress? Redis)
{
    /// <summary>For messages: without secrets.</summary>
    public override string ToString() => SqlitePath ?? Redis!.ToString();
}
