using Skerry.Domain.Events;
using Skerry.Host.Configuration;

namespace Skerry.Host.Tests.Configuration;

/// <summary>The sections [webhook NAME].</summary>
public sealed class WebhookSectionTests : IDisposable
{
    private const string Small = "[site]\nname = north\ndata_dir = /srv/skerry\n\n[webhook ops]\n";
    private const string Good = "whsec_AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA=";

    private static readonly Dictionary<string, string> Nothing = [];
    private readonly string _directory = Directory.CreateTempSubdirectory("skerry-secrets-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void An_endpoint_is_read_with_its_defaults_and_is_no_backend()
    {
        var (site, mistakes) = Read($"url = https://alerts.example/skerry?key=1\nsecret = {Good}\n[webhook pager]\nurl = http://127.0.0.1:9\nsecret = {Good}, {Good}\nevents = volume.split_brain, volume.diverged\ntimeout = 5s\n");
        Assert.Empty(mistakes);
        Assert.Empty(site!.Backends);
        Assert.Equal(["ops", "pager"], site.Webhooks.Select(w => w.Name));
        Assert.Equal(("https://alerts.example/skerry?key=1", TimeSpan.FromSeconds(15), 1), (site.Webhooks[0].Url.AbsoluteUri, site.Webhooks[0].Timeout, site.Webhooks[0].Secrets.Count));
        Assert.Equal(EventKinds.Noted.Order(), site.Webhooks[0].Kinds.Order());
        Assert.Equal(Enumerable.Range(1, 32).Select(i => (byte)i), site.Webhooks[0].Secrets[0].ToArray());
        Assert.Equal((2, 2, TimeSpan.FromSeconds(5)), (site.Webhooks[1].Secrets.Count, site.Webhooks[1].Kinds.Count, site.Webhooks[1].Timeout));
    }

    [Fact]
    public void The_environment_sets_a_secret_and_a_whole_endpoint()
    {
        var (site, mistakes) = ConfigurationReader.Read(
            Small + "url = https://alerts.example\n",
            new Dictionary<string, string>
            {
                ["SKERRY_WEBHOOK_OPS__SECRET"] = Good,
                ["SKERRY_WEBHOOK_ON_CALL__URL"] = "https://pager.example",
                ["SKERRY_WEBHOOK_ON_CALL__SECRET"] = Good,
            },
            Nothing);
        Assert.Empty(mistakes);
        Assert.Equal(["on-call", "ops"], site!.Webhooks.Select(w => w.Name).Order());
    }

    [Theory]
    [InlineData("secret = " + Good, "[webhook ops] needs 'url'", 5)]
    [InlineData("url = alerts.example\nsecret = " + Good, "url: it is not a URL", 6)]
    [InlineData("url = ftp://alerts.example\nsecret = " + Good, "url: it is not a URL", 6)]
    [InlineData("url = http://alerts.example/\nsecret = " + Good, "url: plain http to alerts.example", 6)]
    [InlineData("url = https://me:you@alerts.example/\nsecret = " + Good, "url: its user and password would not be sent", 6)]
    [InlineData("url = https://alerts.example/", "needs 'secret' or 'secret_file'", 5)]
    [InlineData("url = https://alerts.example/\nsecret = swordfish", "secret: a secret is whsec_", 7)]
    [InlineData("url = https://alerts.example/\nsecret = whsec_AQID", "secret: a secret is whsec_", 7)]
    [InlineData("url = https://alerts.example/\nsecret = " + Good + "\nsecret_file = /etc/skerry/secret", "both given", 7)]
    [InlineData("url = https://alerts.example/\nsecret_file = secret", "secret_file: 'secret' is not an absolute path", 7)]
    [InlineData("url = https://alerts.example/\nsecret_file = /nowhere/secret", "secret_file: /nowhere/secret cannot be read", 7)]
    [InlineData("url = https://alerts.example/\nsecret = " + Good + "\nevents = volume.promoted, volume.lost", "events: there is no kind of event 'volume.lost'", 8)]
    [InlineData("url = https://alerts.example/\nsecret = " + Good + "\nevents = replication.transfer", "events: 'replication.transfer' is listed by `skerry event list` and never posted", 8)]
    [InlineData("url = https://alerts.example/\nsecret = " + Good + "\ntimeout = 2m", "timeout: '2m' is not a length of time from 1 s to 60 s", 8)]
    [InlineData("url = https://alerts.example/\nsecret = " + Good + "\nurls = x", "did you mean 'url'?", 8)]
    [InlineData("url = https://alerts.example/\nsecret = " + Good + "\n[webhook On Call]\nurl = https://x.example\nsecret = " + Good, "'On Call' is not the name of a webhook", 8)]
    public void A_mistake_is_told_with_its_field_and_line_and_never_with_the_secret(string lines, string what, int line)
    {
        var (site, mistakes) = Read(lines);
        Assert.Null(site);
        Assert.Contains(mistakes, m => m.ToString().Contains(what, StringComparison.Ordinal) && m.Origin == $"line {line}");
        Assert.DoesNotContain(mistakes, m => m.Message.Contains("swordfish", StringComparison.Ordinal) || m.Message.Contains("AQID", StringComparison.Ordinal));
    }

    [Fact]
    public void A_file_of_secrets_is_read_line_by_line_and_must_not_be_everybodys()
    {
        var path = Path.Combine(_directory, "secret");
        File.WriteAllText(path, $"{Good}\n\n{Good}\n");
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.GroupRead);
        Assert.Equal(2, Read($"url = https://alerts.example/\nsecret_file = {path}").Site!.Webhooks[0].Secrets.Count);
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.OtherRead);
        Assert.Contains("every user of this machine", Assert.Single(Read($"url = https://alerts.example/\nsecret_file = {path}").Mistakes).Message, StringComparison.Ordinal);
        File.WriteAllText(Path.Combine(_directory, "empty"), "");
        File.SetUnixFileMode(Path.Combine(_directory, "empty"), UnixFileMode.UserRead);
        Assert.Contains("holds no secret", Assert.Single(Read($"url = https://alerts.example/\nsecret_file = {_directory}/empty").Mistakes).Message, StringComparison.Ordinal);
    }

    private static (SiteConfiguration? Site, IReadOnlyList<ConfigurationMistake> Mistakes) Read(string lines) =>
        ConfigurationReader.Read(Small + lines, Nothing, Nothing);
}
