using Skerry.Domain.Sites;
using Skerry.State.Merging;

namespace Skerry.Domain.Alerts;

/// <summary>Sites that were started from an older copy of their disk, or twice; until a person has dealt with it.</summary>
public sealed class IdentityAlerts(SiteContext site) : IAlertSource
{
    public IEnumerable<Alert> Standing()
    {
        foreach (var other in StateView.Of(site.Replica).List(EntityKinds.Site))
        {
            if (IdentityRecord.Of(other) is { } record && record.Stands(other))
            {
                yield return record.State == IdentityRecord.Copied ? Copied(other, record) : Restored(other, record);
            }
        }
    }

    private static Alert Restored(Entity other, IdentityRecord record)
    {
        var name = other.Text(SiteFields.Name, other.Id);
        return Of(
            "site.restored",
            other,
            record,
            $"Site {name} was started from an older copy of its disk, or its disk lost its end: {record.Count} changes that it had made came back from other sites.",
            $"What had left neither the disk nor the site is lost. Look at the volumes and operations of {name}, then: skerry site accept {name}");
    }

    private static Alert Copied(Entity other, IdentityRecord record)
    {
        var name = other.Text(SiteFields.Name, other.Id);
        return Of(
            "site.copied",
            other,
            record,
            $"Two copies of site {name} run at once: another start of it wrote while the one that says so was running.",
            $"Stop one of them now. Give that machine an empty data_dir and let it join as a new site, then: skerry site accept {name}");
    }

    private static Alert Of(string kind, Entity other, IdentityRecord record, string text, string nextStep) =>
        new(kind, other.Id, AlertSeverity.Critical, text, nextStep)
        {
            Site = other.Id,
            Since = Instants.Parse(record.At),
            Evidence =
            [
                $"noticed by its start {record.Incarnation}",
                .. record.Lacked.Select(p => $"it lacked what its start {p.Key} had written, up to number {p.Value}"),
            ],
        };
}
