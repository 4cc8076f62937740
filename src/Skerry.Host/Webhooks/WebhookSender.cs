using System.Net;
using Skerry.Domain;
using Skerry.Domain.Events;
using Skerry.Sync.Peers;

namespace Skerry.Host.Webhooks;

/// <summary>Tells one endpoint of events: in order, each until it is taken.</summary>
/// <remarks>
/// An event is taken when it was answered with 2xx and the place after it is on disk; a crash between the two sends it again, with the
/// same id. Events that the journal drops meanwhile are counted, logged, and told with the next delivery. 410 ends it until the daemon
/// starts anew.
/// </remarks>
internal sealed class WebhookSender(
    WebhookEndpoint endpoint, EventJournal journal, SiteContext site, string placePath, HttpMessageInvoker http, WebhookMetrics metrics,
    Random random, ILogger logger, WebhookPace? pace = null)
{
    private readonly Backoff _backoff = new((pace ?? WebhookPace.Default).Least, (pace ?? WebhookPace.Default).Most, random);
    private WebhookPlace? _place;
    private string _lastTrouble = "";

    public WebhookEndpoint Endpoint => endpoint;

    /// <summary>True since it was answered with 410.</summary>
    public bool IsGone { get; private set; }

    /// <summary>Events that wait, of those that are wanted.</summary>
    public int Waiting => Volatile.Read(ref _place) is { } place ? journal.List(place.Next).Count(e => endpoint.Kinds.Contains(e.Kind)) : 0;

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        while (!IsGone)
        {
            TimeSpan? pause;
            try
            {
                pause = await StepAsync(cancellationToken);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException)
            {
                // The disk; what is in the way of the receiver is no exception.
                pause = Failed($"its place cannot be kept: {e.Message}", null);
            }

            if (pause is { } wait)
            {
                await Task.Delay(wait, site.Time, cancellationToken);
            }
        }
    }

    /// <summary>Sends what is next, or waits for it; how long to wait before the next attempt.</summary>
    private async ValueTask<TimeSpan?> StepAsync(CancellationToken cancellationToken)
    {
        var place = MoveTo(WebhookPlace.In(journal, _place ??= WebhookPlace.Read(placePath)));
        var next = journal.List(place.Next);
        if (next.FirstOrDefault(e => endpoint.Kinds.Contains(e.Kind)) is not { } told)
        {
            place = next.Count > 0 ? MoveTo(place with { Next = next[^1].Sequence + 1 }) : place;
            await journal.WaitAsync(place.Next, cancellationToken);
            return null;
        }

        var (result, trouble, retryAfter) = await SendAsync(WebhookMessage.Of(told, site.SiteName, place.LostAtMost), cancellationToken);
        metrics.Delivered(endpoint.Name, result);
        switch (result)
        {
            case WebhookMetrics.Taken:
                MoveTo(place with { Next = told.Sequence + 1, LostAtMost = 0 });
                _backoff.Reset();
                if (_lastTrouble.Length > 0)
                {
                    _lastTrouble = "";
                    Log.WebhookGoesOn(logger, endpoint.Name);
                }

                return null;
            case WebhookMetrics.Gone:
                IsGone = true;
                Log.WebhookGone(logger, endpoint.Name);
                return null;
            default:
                return Failed(trouble, retryAfter);
        }
    }

    private async ValueTask<(string Result, string Trouble, TimeSpan? RetryAfter)> SendAsync(WebhookMessage message, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(endpoint.Timeout, site.Time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            using var request = message.ToRequest(endpoint, site.Now);
            using var response = await http.SendAsync(request, both.Token);
            if (response.StatusCode == HttpStatusCode.Gone)
            {
                return (WebhookMetrics.Gone, "", null);
            }

            var after = response.Headers.RetryAfter;
            return response.IsSuccessStatusCode
                ? (WebhookMetrics.Taken, "", null)
                : (WebhookMetrics.Rejected, $"it answers {(int)response.StatusCode}", after?.Delta ?? (after?.Date is { } date ? date - site.Now : null));
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return (WebhookMetrics.TimedOut, $"it does not answer within {endpoint.Timeout.TotalSeconds:0.#} s", null);
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            // What TLS has against a certificate stands in the inner one.
            return (WebhookMetrics.Unreachable, $"it cannot be reached: {e.Message}{(e.InnerException is { } inner ? $" {inner.Message}" : "")}", null);
        }
    }

    private WebhookPlace MoveTo(WebhookPlace to)
    {
        if (to == _place)
        {
            return to;
        }

        var lost = to.LostAtMost - (_place?.LostAtMost ?? 0);
        to.Write(placePath);
        Volatile.Write(ref _place, to);
        if (lost > 0)
        {
            metrics.Lost(endpoint.Name, lost);
            Log.WebhookLost(logger, endpoint.Name, lost);
        }

        return to;
    }

    private TimeSpan Failed(string trouble, TimeSpan? retryAfter)
    {
        if (trouble != _lastTrouble)
        {
            _lastTrouble = trouble;
            Log.WebhookTrouble(logger, endpoint.Name, trouble);
        }

        var pause = _backoff.Next();
        var asked = retryAfter is { } after && after < WebhookPace.LongestAsked ? after : retryAfter is null ? TimeSpan.Zero : WebhookPace.LongestAsked;
        return asked > pause ? asked : pause;
    }
}

/// <summary>The pauses between attempts: doubled from the least to the most, each jittered.</summary>
internal sealed record WebhookPace(TimeSpan Least, TimeSpan Most)
{
    public static WebhookPace Default { get; } = new(TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(5));

    /// <summary>A receiver that asks for a longer pause with Retry-After is asked again after this one.</summary>
    public static TimeSpan LongestAsked { get; } = TimeSpan.FromHours(1);
}
