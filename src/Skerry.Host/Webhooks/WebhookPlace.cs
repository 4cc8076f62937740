using System.Text.Json;
using Skerry.Domain.Events;
using Skerry.State.Storage;

namespace Skerry.Host.Webhooks;

/// <summary>How far an endpoint was told: the journal is the queue, and this is a place in it.</summary>
/// <param name="Format">1.</param>
/// <param name="Journal">Which journal; null while that was not begun.</param>
/// <param name="Next">The sequence of the first event that was not taken.</param>
/// <param name="LostAtMost">How many events were dropped, since the last that was taken, before they could be sent.</param>
internal sealed record WebhookPlace(int Format, string? Journal, long Next, long LostAtMost)
{
    /// <summary>Where to go on, by what the journal has now. An endpoint that is new is told what happens from now on.</summary>
    /// <remarks>A journal that was begun anew is told whole: nothing in it was sent.</remarks>
    public static WebhookPlace In(EventJournal journal, WebhookPlace? before)
    {
        var (id, first) = (journal.Id, journal.First);
        if (before is null)
        {
            return new WebhookPlace(1, id, journal.Next, 0);
        }

        if (id is not null && before.Journal != id)
        {
            before = before with { Journal = id, Next = before.Journal is null ? before.Next : first };
        }

        return before.Next < first ? before with { Next = first, LostAtMost = before.LostAtMost + first - before.Next } : before;
    }

    /// <summary>Null for an endpoint that is new.</summary>
    public static WebhookPlace? Read(string path)
    {
        if (!File.Exists(path))
        {
            return null;
        }

        try
        {
            return JsonSerializer.Deserialize(File.ReadAllText(path), WebhookJson.Default.WebhookPlace) ?? Unknown;
        }
        catch (JsonException)
        {
            return Unknown;
        }
    }

    /// <summary>On stable storage when it returns.</summary>
    public void Write(string path) => DurableFile.Write(path, JsonSerializer.Serialize(this, WebhookJson.Default.WebhookPlace));

    /// <summary>Of no journal that is: all that is kept is told again, and the receiver knows by the ids what it had.</summary>
    private static WebhookPlace Unknown => new(1, "", 1, 0);
}
