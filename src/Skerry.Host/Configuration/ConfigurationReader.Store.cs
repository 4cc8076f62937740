using Skerry.State.Storage.Redis;

namespace Skerry.Host.Configuration;

/// <content>The section [store].</content>
internal sealed partial class ConfigurationReader
{
    private StoreConfiguration Store(string dataDirectory, string siteName)
    {
        const string sqlite = "sqlite:";
        var url = Text("store", "url") ?? "sqlite:state.db";
        if (url.StartsWith(sqlite, StringComparison.Ordinal) && url.Length > sqlite.Length)
        {
            return new(Path.GetFullPath(url[sqlite.Length..], dataDirectory), null);
        }

        // What is wrong may hold a password, so the text itself is never shown.
        var mistake = "this is not a store; write sqlite:FILE, relative to data_dir, or redis://HOST:6379.";
        if (url.StartsWith("redis", StringComparison.Ordinal) && RedisAddress.TryParse(url, $"skerry:{siteName}:", out var redis, out mistake))
        {
            return new(null, redis);
        }

        MistakeAt("store", "url", mistake);
        return new(dataDirectory, null);
    }
}
