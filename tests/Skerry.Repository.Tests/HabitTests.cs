using System.Text.RegularExpressions;

namespace Skerry.Repository.Tests;

/// <summary>Habits that a compiler does not hold.</summary>
public sealed partial class HabitTests
{
    /// <summary>Formats whose bytes others froze: what holds us to them are real clients.</summary>
    private static readonly string[] ForeignFormats = ["nbd.md"];

    [Fact]
    public void No_type_is_called_helper_util_or_manager()
    {
        foreach (var file in Checkout.Files("*.cs"))
        {
            foreach (Match match in TypeName().Matches(File.ReadAllText(file)))
            {
                Assert.False(VagueName().IsMatch(match.Groups[1].Value), $"{file}: {match.Groups[1].Value} says nothing; name it for what it does");
            }
        }
    }

    [Fact]
    public void Every_page_of_the_documentation_that_is_linked_is_there()
    {
        foreach (var file in Checkout.Files("*.md"))
        {
            foreach (Match match in Link().Matches(File.ReadAllText(file)))
            {
                var target = match.Groups[1].Value;
                if (!target.Contains("://", StringComparison.Ordinal) && !target.StartsWith('#'))
                {
                    var path = Path.GetFullPath(target.Split('#')[0], Path.GetDirectoryName(file)!);
                    Assert.True(Path.Exists(path), $"{file} links to {target}, which is not there");
                }
            }
        }
    }

    [Fact]
    public void Every_format_page_names_files_that_exist()
    {
        var pages = Checkout.Files("*.md", "docs/formats").ToList();
        Assert.NotEmpty(pages);
        foreach (var page in pages)
        {
            var named = SourceFile().Matches(File.ReadAllText(page)).Select(m => m.Value).ToList();
            Assert.True(named.Count > 0, $"{page} names no source file");
            Assert.All(named, n => Assert.True(Path.Exists(Checkout.PathOf(n)), $"{page} names {n}, which is not there"));
        }
    }

    [Fact]
    public void Every_format_page_has_a_version_and_frozen_bytes_or_a_foreign_standard()
    {
        foreach (var page in Checkout.Files("*.md", "docs/formats"))
        {
            var text = File.ReadAllText(page);
            if (ForeignFormats.Contains(Path.GetFileName(page)))
            {
                continue;
            }

            Assert.True(FormatVersion().IsMatch(text), $"{page} says no version");
            var fixture = FrozenBytes().Match(text);
            Assert.True(fixture.Success, $"{page} names no frozen bytes; write 'Frozen bytes: `tests/...`'");
            Assert.True(Path.Exists(Checkout.PathOf(fixture.Groups[1].Value)), $"{page} names {fixture.Groups[1].Value}, which is not there");
        }
    }

    [Fact]
    public void Every_package_is_used_and_its_choice_has_a_reason()
    {
        var decisions = string.Concat(Checkout.Files("*.md", "docs/decisions").Select(File.ReadAllText));
        var used = Checkout.Files("*.csproj").Append(Checkout.PathOf("Directory.Build.props"))
            .SelectMany(f => Include("PackageReference").Matches(File.ReadAllText(f)).Select(m => m.Groups[1].Value)).ToHashSet(StringComparer.Ordinal);
        foreach (Match package in Include("PackageVersion").Matches(File.ReadAllText(Checkout.PathOf("Directory.Packages.props"))))
        {
            var name = package.Groups[1].Value;
            Assert.True(used.Contains(name), $"Directory.Packages.props names {name}, which no project uses");
            Assert.True(
                decisions.Contains(name, StringComparison.Ordinal) || decisions.Contains(name.Split('.')[0] + "." + name.Split('.')[1], StringComparison.Ordinal),
                $"no page of docs/decisions says why {name} was chosen");
        }
    }

    [Fact]
    public void The_pages_speak_of_no_one_machine()
    {
        foreach (var page in Checkout.Files("*.md"))
        {
            Assert.False(MachinePath().IsMatch(File.ReadAllText(page)), $"{page} names {MachinePath().Match(File.ReadAllText(page)).Value}, a path of one machine");
        }
    }

    [Fact]
    public void Every_key_of_the_configuration_is_in_the_reference()
    {
        var reference = File.ReadAllText(Checkout.PathOf("docs/reference/configuration.md"));
        var reader = File.ReadAllText(Checkout.PathOf("src/Skerry.Host/Configuration/ConfigurationReader.cs"));
        var keys = KeyList().Matches(reader).SelectMany(m => Quoted().Matches(m.Groups[1].Value)).Select(m => m.Groups[1].Value).ToList();
        Assert.True(keys.Count > 15, "the reader's lists of keys were not found");
        Assert.All(keys, k => Assert.Contains($"| `{k}` |", reference, StringComparison.Ordinal));
    }

    [Fact]
    public void Every_metric_has_one_publisher_and_is_on_the_page_of_metrics()
    {
        var page = File.ReadAllText(Checkout.PathOf("docs/operating/metrics.md"));
        var names = Checkout.Files("*.cs", "src")
            .SelectMany(f => Instrument().Matches(File.ReadAllText(f)))
            .Select(m => m.Groups["name"].Value.Replace('.', '_') + (m.Groups["unit"].Value switch { "s" => "_seconds", "By" => "_bytes", _ => "" })
                + (m.Groups["kind"].Value.EndsWith("Counter", StringComparison.Ordinal) ? "_total" : ""))
            .ToList();
        Assert.True(names.Count > 40, "the instruments were not found");
        Assert.Equal(names.Distinct().Order(), names.Order());
        Assert.All(names, n => Assert.Contains($"`{n}`", page, StringComparison.Ordinal));
    }

    [Fact]
    public void Nothing_is_left_for_later_in_the_source()
    {
        foreach (var file in Checkout.Files("*.cs", "src"))
        {
            var text = File.ReadAllText(file);
            Assert.False(text.Contains("NotImplementedException", StringComparison.Ordinal), $"{file} throws NotImplementedException");
            Assert.False(LaterMark().IsMatch(text), $"{file} holds a TODO");
        }
    }

    private static Regex Include(string element) => new($"<{element} Include=\"([^\"]+)\"", RegexOptions.CultureInvariant, TimeSpan.FromSeconds(5));

    [GeneratedRegex(@"\b(?:class|record|struct|interface)\s+([A-Z]\w+)")]
    private static partial Regex TypeName();

    [GeneratedRegex("(Helpers?|Utils?|Utility|Utilities|Manager)$")]
    private static partial Regex VagueName();

    [GeneratedRegex(@"\]\(([^)\s]+)\)")]
    private static partial Regex Link();

    [GeneratedRegex(@"\b(?:src|tests)/[\w./-]+\w")]
    private static partial Regex SourceFile();

    [GeneratedRegex(@"\b[Vv]ersion 1\b")]
    private static partial Regex FormatVersion();

    [GeneratedRegex(@"[Ff]rozen bytes: `(tests/[^`]+)`")]
    private static partial Regex FrozenBytes();

    [GeneratedRegex(@"(?<![\w.])/(?:home|root|work|tmp|Users)/\S+")]
    private static partial Regex MachinePath();

    [GeneratedRegex(@"=\s+\[\s*(""[\w"",\s]+)\][,;]")]
    private static partial Regex KeyList();

    [GeneratedRegex(@"""(\w+)""")]
    private static partial Regex Quoted();

    [GeneratedRegex(@"\.Create(?<kind>\w+?)(?:<\w+>)?\(\s*""(?<name>skerry[\w.]+)"",.*?""(?<unit>s|By|1|\{\w+\})"",", RegexOptions.Singleline | RegexOptions.ExplicitCapture)]
    private static partial Regex Instrument();

    [GeneratedRegex(@"\b(TODO|FIXME|XXX)\b")]
    private static partial Regex LaterMark();
}
