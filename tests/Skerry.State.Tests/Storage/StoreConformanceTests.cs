using Skerry.State.Storage;
using Skerry.State.Storage.Redis;
using Skerry.State.Storage.Sqlite;
using Skerry.TestKit.Files;
using Skerry.TestKit.State;

namespace Skerry.State.Tests.Storage;

public sealed class StoreConformanceTests(SharedRedis redis) : IClassFixture<SharedRedis>
{
    public static TheoryData<string> Cases => [.. StateStoreConformance.Cases.Keys];

    public static TheoryData<string> SharedCases => [.. StateStoreConformance.SharedCases.Keys];

    [Theory]
    [MemberData(nameof(Cases))]
    public Task The_memory_store_conforms(string name)
    {
        var store = new MemoryStore();
        return StateStoreConformance.Cases[name](() => new ValueTask<IStateStore>(store));
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task The_sqlite_store_conforms(string name)
    {
        using var directory = new TemporaryDirectory();
        await StateStoreConformance.Cases[name](async () => await SqliteStore.OpenAsync(directory.File("state.db"), default));
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public Task The_redis_store_conforms(string name) => StateStoreConformance.Cases[name](OnRedis());

    [Theory]
    [MemberData(nameof(SharedCases))]
    public Task A_memory_store_is_shared(string name)
    {
        var store = new MemoryStore();
        return StateStoreConformance.SharedCases[name](() => new ValueTask<IStateStore>(store));
    }

    [Theory]
    [MemberData(nameof(SharedCases))]
    public Task A_redis_store_is_shared(string name) => StateStoreConformance.SharedCases[name](OnRedis());

    private OpenStore OnRedis()
    {
        var address = redis.Server.Address($"{Guid.NewGuid():n}:");
        return async () => await RedisStore.OpenAsync(address, TimeProvider.System, default);
    }
}
