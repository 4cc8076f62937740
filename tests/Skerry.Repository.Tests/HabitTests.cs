using System.Text.RegularExpressions;

namespace Skerry.Repository.Tests;

/// <summary>Habits that a compiler does not hold.</summary>
public sealed partial class HabitTests
{
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
    public void Nothing_is_left_for_later_in_the_source()
    {
        foreach (var file in Checkout.Files("*.cs", "src"))
        {
            var text = File.ReadAllText(file);
            Assert.False(text.Contains("NotImplementedException", StringComparison.Ordinal), $"{file} throws NotImplementedException");
            Assert.False(LaterMark().IsMatch(text), $"{file} holds a TODO");
        }
    }

    [GeneratedRegex(@"\b(?:class|record|struct|interface)\s+([A-Z]\w+)")]
    private static partial Regex TypeName();

    [GeneratedRegex("(Helpers?|Utils?|Utility|Utilities|Manager)$")]
    private static partial Regex VagueName();

    [GeneratedRegex(@"\]\(([^)\s]+)\)")]
    private static partial Regex Link();

    [GeneratedRegex(@"\b(?:src|tests)/[\w./-]+\w")]
    private static partial Regex SourceFile();

    [GeneratedRegex(@"\b(TODO|FIXME|XXX)\b")]
    private static partial Regex LaterMark();
}
