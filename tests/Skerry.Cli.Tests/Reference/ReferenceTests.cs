namespace Skerry.Cli.Tests.Reference;

/// <summary>
/// The reference is written from the command tree. Run the tests once with SKERRY_WRITE_REFERENCE=1 after changing a command.
/// </summary>
public sealed class ReferenceTests
{
    [Fact]
    public void The_page_on_commands_is_what_the_commands_say() => Check("cli.md", CommandPages.Commands());

    [Fact]
    public void The_page_on_output_is_what_the_records_hold() => Check("json-output.md", CommandPages.Output());

    [Fact]
    public void Every_verb_has_an_example_and_every_option_says_what_it_does()
    {
        foreach (var command in CommandPages.Verbs())
        {
            Assert.True(command.Examples.Count > 0, $"{CommandTree.PathOf(command)} has no example");
            Assert.All(command.Options, o => Assert.False(string.IsNullOrWhiteSpace(o.Description), $"{CommandTree.PathOf(command)} {o.Name}"));
            Assert.All(command.Arguments, a => Assert.False(string.IsNullOrWhiteSpace(a.Description), $"{CommandTree.PathOf(command)} {a.Name}"));
        }
    }

    [Fact]
    public void Every_example_parses()
    {
        var root = CommandTree.Build();
        foreach (var example in CommandPages.Verbs().SelectMany(verb => verb.Examples).Where(e => e.StartsWith("skerry ", StringComparison.Ordinal)))
        {
            var line = example.Split(" | ")[0]["skerry ".Length..];
            Assert.True(root.Parse(line).Errors.Count == 0, $"{example}: {string.Join(' ', root.Parse(line).Errors.Select(e => e.Message))}");
        }
    }

    private static void Check(string page, string text)
    {
        var path = Path.Combine(Root(), "docs", "reference", page);
        if (Environment.GetEnvironmentVariable("SKERRY_WRITE_REFERENCE") == "1")
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllText(path, text);
        }

        Assert.True(File.Exists(path), $"docs/reference/{page} is not there: run the tests once with SKERRY_WRITE_REFERENCE=1");
        Assert.True(File.ReadAllText(path) == text, $"docs/reference/{page} is stale: run the tests once with SKERRY_WRITE_REFERENCE=1");
    }

    private static string Root()
    {
        var directory = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(directory, "Skerry.slnx")))
        {
            directory = Path.GetDirectoryName(directory)!;
        }

        return directory;
    }
}
