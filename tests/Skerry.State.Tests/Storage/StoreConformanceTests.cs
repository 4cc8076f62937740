using Skerry.State.Storage;
using Skerry.State.Storage.Sqlite;
using Skerry.TestKit.Files;
using Skerry.TestKit.State;

namespace Skerry.State.Tests.Storage;

public sealed class StoreConformanceTests
{
    public static TheoryData<string> Cases => [.. StateStoreConformance.Cases.Keys];

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
}
