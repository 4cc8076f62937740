using System.Globalization;
using Skerry.State;

namespace Skerry.Domain.Alerts;

/// <summary>A store of this site's state that takes no writes, or that was put back to an older copy underneath this daemon.</summary>
public sealed class StoreAlerts(SiteContext site) : IAlertSource
{
    public IEnumerable<Alert> Standing()
    {
        var store = site.Replica.Store;
        if (store.Fault is { } fault)
        {
            yield return new Alert(
                store.IsFinal ? "store.stopped" : "store.away",
                "state",
                AlertSeverity.Critical,
                $"This site takes no changes, and serves what it knows: {fault.Message}",
                store.IsFinal ? "Put the store right and start the daemon again." : "Bring the store back; the site then goes on by itself.")
            {
                Site = site.SelfText,
                Since = store.Since,
                Evidence = [$"{store.Name}: {fault.Error}"],
            };
        }

        if (store.PutBack is { } putBack)
        {
            yield return PutBack(store, putBack);
        }
    }

    private Alert PutBack(StoreReport store, StorePutBack putBack) => new(
        "store.put_back",
        putBack.NoticedAt.UtcTicks.ToString(CultureInfo.InvariantCulture),
        AlertSeverity.Warning,
        $"{store.Name} was put back to an older copy while this site ran. It lacked {putBack.Mutations} changes that this daemon knew, which were written there again.",
        "Find out who put it back, and stop the site's daemons before that the next time; the alert ends when the daemon starts again.")
    {
        Site = site.SelfText,
        Since = putBack.NoticedAt,
        Evidence =
        [
            string.Create(CultureInfo.InvariantCulture, $"it stood at entry {putBack.Had.Position} and was found at entry {putBack.Found.Position}"),
            $"last written: {putBack.Had.LastId:x16}, found: {putBack.Found.LastId:x16}",
        ],
    };
}
