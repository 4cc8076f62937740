using System.Globalization;
using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Threading.Channels;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Skerry.Api.Common;
using Skerry.Client.Native.Wire;
using Skerry.Domain;
using Skerry.Domain.Events;

namespace Skerry.Api.Native;

/// <summary>
/// What happened at this site, as its journal has it; and a stream of what changes: <c>change</c> names an entity that changed here after
/// the change was durable, and <c>everything</c> says that more changed than was kept, so all must be read again. For administrators.
/// </summary>
internal static class EventsApi
{
    public static void MapEvents(this RouteGroupBuilder api)
    {
        api.MapGet("/events", Stream).WithTags("events")
            .WithSummary("Follow what changes, as server-sent events")
            .Produces(StatusCodes.Status200OK, contentType: "text/event-stream");
        api.MapGet("/events/journal", List).WithTags("events")
            .WithSummary("List what happened at this site, oldest first")
            .Produces<EventList>();
    }

    private static IResult List(
        Caller caller, HttpRequest request, SiteContext site, EventService events, string? kind, string? volume_id, string? since)
    {
        DateTimeOffset? from = null;
        if (since is not null)
        {
            if (!DateTimeOffset.TryParse(since, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var moment))
            {
                return new Fault(Refusal.Invalid("since", $"since must be a time of RFC 3339, not '{since}'.", "An example: 2027-01-31T22:00:00Z"));
            }

            from = moment;
        }

        var listed = events.List(caller.Actor, new EventFilter { Kind = kind, VolumeId = volume_id, Since = from });
        return listed.Refusal is { } refusal
            ? new Fault(refusal)
            : Pages.Answer(
                request,
                listed.Value,
                told => told.Id,
                told => EventRecords.Of(told, site.SiteName),
                (items, links) => new EventList(items, links),
                SkerryJson.Default.EventList);
    }

    private static IResult Stream(Caller caller, SiteContext site, CancellationToken cancellationToken) => caller.Actor.IsAdmin
        ? TypedResults.ServerSentEvents(ChangesAsync(site, cancellationToken))
        : new Fault(new Refusal(RefusalKind.NotAllowed, "The stream of changes is for administrators."));

    private static async IAsyncEnumerable<SseItem<string>> ChangesAsync(
        SiteContext site, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var feed = site.Replica.Subscribe();
        // Said at once, so that a client knows from which moment on nothing escapes it.
        yield return new SseItem<string>("{}", "everything");
        while (true)
        {
            Skerry.State.ChangeSet changes;
            try
            {
                changes = await feed.ReadAsync(cancellationToken);
            }
            catch (Exception e) when (e is ChannelClosedException or OperationCanceledException)
            {
                yield break;
            }

            if (changes.Everything)
            {
                yield return new SseItem<string>("{}", "everything");
                continue;
            }

            foreach (var key in changes.Keys)
            {
                yield return new SseItem<string>(
                    JsonSerializer.Serialize(new ChangeRecord(key.Kind, key.Id), SkerryJson.Default.ChangeRecord), "change");
            }
        }
    }
}
