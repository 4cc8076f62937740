using Skerry.TestKit.Processes;

namespace Skerry.State.Tests.Storage;

/// <summary>One server for the cases of a class; each takes a prefix of its own.</summary>
public sealed class SharedRedis : IAsyncLifetime
{
    private RedisServer? _server;

    internal RedisServer Server => _server!;

    public async ValueTask InitializeAsync() => _server = await RedisServer.StartAsync();

    public ValueTask DisposeAsync() => Server.DisposeAsync();
}
