using Skerry.Domain;
using Skerry.Domain.Events;

namespace Skerry.Host.Webhooks;

/// <summary>Runs a sender for each endpoint from the start of the host to its stop. What is on its way at the stop is sent again.</summary>
internal sealed class WebhookLoops : IHostedService, IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly List<HttpMessageInvoker> _clients = [];
    private readonly List<WebhookSender> _senders = [];
    private readonly WebhookMetrics _metrics = new();
    private readonly ILogger _logger;
    private Task _running = Task.CompletedTask;

    /// <param name="endpoints">Who is told.</param>
    /// <param name="directory">Where places are kept; made when there is an endpoint. Those of endpoints that are gone are removed.</param>
    /// <param name="journal">What happened.</param>
    /// <param name="site">This site.</param>
    /// <param name="random">For the pauses.</param>
    /// <param name="logger">Where trouble is told.</param>
    /// <param name="pace">Null for the usual one.</param>
    public WebhookLoops(
        IReadOnlyList<WebhookEndpoint> endpoints, string directory, EventJournal journal, SiteContext site, Random random, ILogger logger,
        WebhookPace? pace = null)
    {
        _logger = logger;
        Prepare(endpoints, directory);
        foreach (var endpoint in endpoints)
        {
            var http = new HttpMessageInvoker(new SocketsHttpHandler
            {
                AllowAutoRedirect = false,
                UseCookies = false,
                UseProxy = !endpoint.Url.IsLoopback,
                ConnectTimeout = endpoint.Timeout,
                PooledConnectionLifetime = TimeSpan.FromMinutes(5),
            });
            _clients.Add(http);
            _senders.Add(new WebhookSender(endpoint, journal, site, PathOf(directory, endpoint.Name), http, _metrics, new Random(random.Next()), logger, pace));
        }

        _metrics.Observe(_senders);
    }

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _running = Task.WhenAll(_senders.Select(s => Task.Run(() => GuardAsync(s), CancellationToken.None)));
        return Task.CompletedTask;
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await _stop.CancelAsync();
        await _running.WaitAsync(cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running;
        _clients.ForEach(c => c.Dispose());
        _metrics.Dispose();
    }

    private static void Prepare(IReadOnlyList<WebhookEndpoint> endpoints, string directory)
    {
        if (endpoints.Count > 0)
        {
            Directory.CreateDirectory(directory);
        }

        var known = endpoints.Select(e => PathOf(directory, e.Name)).ToHashSet(StringComparer.Ordinal);
        foreach (var left in Directory.Exists(directory) ? Directory.GetFiles(directory).Where(f => !known.Contains(f)) : [])
        {
            File.Delete(left);
        }
    }

    private static string PathOf(string directory, string name) => Path.Combine(directory, name + ".json");

    private async Task GuardAsync(WebhookSender sender)
    {
        try
        {
            await sender.RunAsync(_stop.Token);
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // It was told to stop.
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            Log.WebhookFault(_logger, e, sender.Endpoint.Name);
        }
    }
}
