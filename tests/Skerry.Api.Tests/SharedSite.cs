namespace Skerry.Api.Tests;

/// <summary>One site for all tests of a class that change nothing on it.</summary>
public sealed class SharedSite : IAsyncLifetime
{
    internal ApiSite Site { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Site = await ApiSite.StartAsync();

    public ValueTask DisposeAsync() => Site.DisposeAsync();
}
