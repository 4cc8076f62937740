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

namespace Skerry.Api.Native;

/// <summary>
/// A stream of server-sent events: <c>change</c> names an entity that changed here after the change was durable, and
/// <c>everything</c> says that more changed than was kept, so all must be read again. For administrators.
/// </summary>
internal static class EventsApi
{
    public static void MapEvents(this RouteGroupBuilder api) =>
        api.MapGet("/events", Stream).WithTags("events").WithSummary("Follow what changes, as server-sent events")
            .Produces(StatusCodes.Status200OK, contentType: "text/event-stream");

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
