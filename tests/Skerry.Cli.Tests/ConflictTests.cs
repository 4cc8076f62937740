using System.Text.Json;
using Skerry.Client.Native.Wire;
using static Skerry.Cli.Tests.Samples;

namespace Skerry.Cli.Tests;

public sealed class ConflictTests
{
    [Theory]
    [InlineData("table")]
    [InlineData("json")]
    [InlineData("value")]
    public async Task A_conflict_is_shown_with_both_sides_who_where_and_when(string format)
    {
        var run = await CommandRun.Of(Site(), "conflict", "show", "c", "-f", format);
        Assert.Equal(0, run.ExitCode);
        foreach (var told in new[] { "blue", "green", "ada", "eve", "north", "south", "2026" })
        {
            Assert.Contains(told, run.Out, StringComparison.Ordinal);
        }
    }

    private static ConflictRecord Record => new(
        "c", "volume", "1", "blue", "name", "values", "different values", Value("blue", "ada", "north"), [Value("green", "eve", "south")], "pick one");

    private static FakeSite Site() => new FakeSite().On(
        "GET /skerry/v1/conflicts/c", Json(new ConflictReply(Record), SkerryJson.Default.ConflictReply));

    private static ConflictValueRecord Value(string value, string author, string site) =>
        new(JsonSerializer.SerializeToElement(value), author, site, new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero));
}
