using System.Xml.Linq;

namespace Skerry.Repository.Tests;

/// <summary>Which project may know which: the arrows of docs/ARCHITECTURE.md.</summary>
public sealed class ProjectArrowTests
{
    private static readonly Dictionary<string, string[]> Allowed = new(StringComparer.Ordinal)
    {
        ["State"] = [],
        ["Sync"] = ["State"],
        ["Blocks"] = [],
        ["Blocks.Tool"] = ["Blocks"],
        ["Domain"] = ["State"],
        ["Drivers"] = ["Domain", "Blocks"],
        ["Movers"] = ["Domain", "Blocks"],
        ["Client"] = [],
        ["Api"] = ["Domain", "Client"],
        ["Console"] = ["Client"],
        ["Cli"] = ["Client"],
        ["Host"] = ["State", "Sync", "Blocks", "Domain", "Drivers", "Movers", "Client", "Api", "Console"],
    };

    /// <summary>Parts that know the base library alone; a web framework must not reach them.</summary>
    private static readonly string[] Pure = ["State", "Blocks", "Domain", "Client"];

    public static TheoryData<string> Projects => [.. Directory.GetDirectories(Checkout.PathOf("src")).Select(d => Path.GetFileName(d)["Skerry.".Length..])];

    [Theory]
    [MemberData(nameof(Projects))]
    public void A_project_refers_only_to_those_that_it_may_know(string project)
    {
        Assert.Contains(project, Allowed.Keys);
        var references = Elements(project, "ProjectReference")
            .Select(r => Path.GetFileNameWithoutExtension(r.Attribute("Include")!.Value)["Skerry.".Length..]);
        Assert.Empty(references.Except(Allowed[project]));
    }

    [Theory]
    [MemberData(nameof(Projects))]
    public void Framework_references_stay_at_the_edge(string project)
    {
        if (Pure.Contains(project))
        {
            Assert.Empty(Elements(project, "FrameworkReference"));
        }
    }

    [Theory]
    [MemberData(nameof(Projects))]
    public void Pure_projects_use_nothing_of_the_web_framework(string project)
    {
        if (Pure.Contains(project))
        {
            var wrong = Checkout.Files("*.cs", $"src/Skerry.{project}")
                .Where(f => File.ReadLines(f).Any(l => l.StartsWith("using Microsoft.AspNetCore", StringComparison.Ordinal) || l.StartsWith("using Microsoft.Extensions", StringComparison.Ordinal)));
            Assert.Empty(wrong);
        }
    }

    [Fact]
    public void The_map_shows_every_project()
    {
        var map = File.ReadAllText(Checkout.PathOf("docs/ARCHITECTURE.md"));
        Assert.All(Projects, p => Assert.Contains($"`Skerry.{p.Data}`", map, StringComparison.Ordinal));
    }

    [Fact]
    public void Package_versions_stand_in_one_place()
    {
        foreach (var file in Checkout.Files("*.csproj"))
        {
            var versions = XDocument.Load(file).Descendants("PackageReference").Where(p => p.Attribute("Version") is not null);
            Assert.True(!versions.Any(), $"{file} names a package version; put it in Directory.Packages.props");
        }
    }

    [Fact]
    public void Every_project_has_a_lock_file_and_is_in_the_solution()
    {
        var solution = File.ReadAllText(Checkout.PathOf("Skerry.slnx"));
        foreach (var file in Checkout.Files("*.csproj"))
        {
            Assert.Contains(Path.GetRelativePath(Checkout.Root, file), solution);
            Assert.True(File.Exists(Path.Combine(Path.GetDirectoryName(file)!, "packages.lock.json")), $"{file} has no packages.lock.json");
        }
    }

    private static IEnumerable<XElement> Elements(string project, string name) =>
        XDocument.Load(Checkout.PathOf($"src/Skerry.{project}/Skerry.{project}.csproj")).Descendants(name);
}
