using Skerry.Client.Native.Wire;

namespace Skerry.Cli.Site;

internal sealed class SiteEvictCommand : SiteActionCommand
{
    public SiteEvictCommand()
        : base(
            "evict",
            "Let nobody wait for a silent site any more. It stays a member; `skerry site reinstate` takes it back.",
            "skerry site evict south --reason \"its power is out for weeks\"",
            "skerry site evict south --yes") => Options.Add(SharedOptions.Yes);

    protected override string Question(SiteRecord site) =>
        $"Evict {site.Name} ({site.State})? What is asked for there from now on, and not begun before it returns, is discarded.";
}
