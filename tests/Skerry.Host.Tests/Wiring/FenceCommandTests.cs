using Microsoft.Extensions.Logging.Abstractions;
using Skerry.Domain.Recovery;
using Skerry.Host.Configuration;
using Skerry.Host.Wiring;

namespace Skerry.Host.Tests.Wiring;

/// <summary>The operator's fence: what it is told, what counts as a yes, and which settings of it are mistakes.</summary>
public sealed class FenceCommandTests
{
    private static readonly FenceRequest Request = new("volume-1", "data", "north", "0011223344556677", 3, "operation-1");

    [Fact]
    public async Task It_is_told_who_is_to_be_fenced_and_its_end_with_0_is_a_yes() => Assert.Null(await RunAsync(
        "test \"$SKERRY_VOLUME $SKERRY_VOLUME_NAME $SKERRY_OLD_SITE $SKERRY_OLD_SITE_ID $SKERRY_GENERATION $SKERRY_OPERATION\" = \"volume-1 data north 0011223344556677 3 operation-1\"",
        TimeSpan.FromSeconds(20)));

    [Fact]
    public async Task What_it_says_is_in_the_refusal_when_it_fails()
    {
        var refusal = await RunAsync("echo the switch is off; echo 'no answer' >&2; exit 7", TimeSpan.FromSeconds(20));
        Assert.Contains("ended with 7", refusal!.Message, StringComparison.Ordinal);
        Assert.Contains("the switch is off", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("no answer", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("--no-fence", refusal.NextStep, StringComparison.Ordinal);
    }

    [Fact]
    public async Task One_that_takes_too_long_or_is_not_there_refuses()
    {
        var slow = await RunAsync("sleep 30", TimeSpan.FromMilliseconds(300));
        Assert.Contains("did not end within 0.3 s", slow!.Message, StringComparison.Ordinal);
        var missing = await new FenceCommand(["/nowhere/fence"], TimeSpan.FromSeconds(1), NullLogger.Instance).FenceAsync(Request, CancellationToken.None);
        Assert.Contains("could not be started", missing!.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("lease = 0.1s", "is not a length of time from 1 s to 600 s")]
    [InlineData("lease = soon", "is not a length of time")]
    [InlineData("fence_command = fence now", "is not an absolute path")]
    [InlineData("fence_command = /nowhere/fence", "is no program that can be run here")]
    [InlineData("fence_command = '/bin/true", "does not end")]
    [InlineData("fence_timeout = 0s", "is not a length of time")]
    [InlineData("trash_time = 10s", "is not a length of time from 60 s")]
    public void A_mistake_in_its_settings_is_told_with_its_line(string line, string what)
    {
        var (_, mistakes) = Read(line);
        var mistake = Assert.Single(mistakes);
        Assert.Contains(what, mistake.ToString(), StringComparison.Ordinal);
        Assert.Contains("5", mistake.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Its_words_are_taken_as_they_are_written()
    {
        var (configuration, mistakes) = Read("lease = 1500ms\ntrash_time = 2w\nfence_command = /bin/sh -c \"exit 0\" 'a b'");
        Assert.Empty(mistakes);
        Assert.Equal(["/bin/sh", "-c", "exit 0", "a b"], configuration!.Replication.FenceCommand!);
        Assert.Equal(TimeSpan.FromSeconds(1.5), configuration.Replication.Lease);
        Assert.Equal(TimeSpan.FromDays(14), configuration.Replication.TrashTime);
    }

    private static async Task<Skerry.Domain.Refusal?> RunAsync(string script, TimeSpan limit) =>
        await new FenceCommand(["/bin/sh", "-c", script], limit, NullLogger.Instance).FenceAsync(Request, CancellationToken.None);

    private static (SiteConfiguration? Configuration, IReadOnlyList<ConfigurationMistake> Mistakes) Read(string lines) =>
        ConfigurationReader.Read(
            $"[site]\nname = edge-1\ndata_dir = /var/lib/skerry\n[replication]\n{lines}\n", new Dictionary<string, string>(), new Dictionary<string, string>());
}
