using Skerry.Domain.Sites;

namespace Skerry.Host.Configuration;

/// <content>The section [sites].</content>
internal sealed partial class ConfigurationReader
{
    private WitnessRule? Witnesses()
    {
        var names = List("sites", "witnesses");
        var after = Seconds("sites", "failed_after", WitnessRule.DefaultAfterSeconds, 10, 86_400);
        if (names is ["none"])
        {
            return new WitnessRule([], 0, after.TotalSeconds);
        }

        var quorum = Number("sites", "quorum", (names.Count / 2) + 1, 1, 1000);
        if (names.Count == 0)
        {
            if (Text("sites", "quorum") is not null || Text("sites", "failed_after") is not null)
            {
                MistakeAt("sites", Text("sites", "quorum") is null ? "failed_after" : "quorum", "there are no witnesses; name them, as in witnesses = north, south, west.");
            }

            return null;
        }

        if (names.Distinct(StringComparer.Ordinal).Count() < names.Count)
        {
            MistakeAt("sites", "witnesses", "a site is named twice; each votes once.");
        }
        else if (quorum > names.Count)
        {
            MistakeAt("sites", "quorum", $"{quorum} of {names.Count} witnesses will never say so; give 1 to {names.Count}.");
        }
        else if (names.Count < 3 && quorum < names.Count)
        {
            MistakeAt("sites", "quorum", "of two witnesses one alone could be the one that is cut off; take three, or a quorum of both.");
        }

        return new WitnessRule(names, (int)quorum, after.TotalSeconds);
    }
}
