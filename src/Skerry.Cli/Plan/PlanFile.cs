using System.Globalization;
using Skerry.Client.Native.Wire;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Skerry.Cli.Plan;

/// <summary>A recovery plan as people write it. Every mistake names the file and the line.</summary>
internal static class PlanFile
{
    private const string Example = "An example: `name: north-lost`, `site: north`, `steps:` with entries `- groups: [database]` and `- volumes: [web]`.";

    public static (string Name, PlanSetRequest Request) Read(string path)
    {
        if (Root(path) is not YamlMappingNode root)
        {
            throw new UsageException($"{path} has no mapping at its top.", Example);
        }

        Allow(path, root, "name", "site", "to", "parallel", "steps", "skip", "rest", "on_failure");
        var name = Text(path, root, "name") ?? throw new UsageException($"{path} does not say what the plan is called.", Example);
        var site = Text(path, root, "site") ?? throw new UsageException($"{path} does not say which site the plan is for.", Example);
        return (name, new PlanSetRequest(
            site, Text(path, root, "to"), Number(path, root, "parallel"), Steps(path, root), List(path, root, "skip"), Text(path, root, "rest"),
            Text(path, root, "on_failure")));
    }

    private static List<PlanStepRecord>? Steps(string path, YamlMappingNode root)
    {
        if (Child(root, "steps") is not { } node)
        {
            return null;
        }

        if (node is not YamlSequenceNode sequence)
        {
            throw Wrong(path, node, "steps must be a list");
        }

        var steps = new List<PlanStepRecord>();
        foreach (var entry in sequence)
        {
            if (entry is not YamlMappingNode step)
            {
                throw Wrong(path, entry, "a step must be a mapping with groups or volumes");
            }

            Allow(path, step, "name", "groups", "volumes");
            steps.Add(new PlanStepRecord(Text(path, step, "name"), List(path, step, "groups") ?? [], List(path, step, "volumes") ?? []));
        }

        return steps;
    }

    private static List<string>? List(string path, YamlMappingNode mapping, string key) => Child(mapping, key) switch
    {
        null => null,
        YamlSequenceNode sequence => [.. sequence.Select(n => n is YamlScalarNode { Value: { Length: > 0 } text } ? text : throw Wrong(path, n, $"{key} must be a list of names"))],
        var other => throw Wrong(path, other, $"{key} must be a list of names"),
    };

    private static string? Text(string path, YamlMappingNode mapping, string key) => Child(mapping, key) switch
    {
        null => null,
        YamlScalarNode { Value: { Length: > 0 } text } => text,
        var other => throw Wrong(path, other, $"{key} must be a text"),
    };

    private static int? Number(string path, YamlMappingNode mapping, string key) =>
        Text(path, mapping, key) is not { } text ? null
        : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number
        : throw Wrong(path, Child(mapping, key)!, $"{key} must be a number, not {text}");

    private static void Allow(string path, YamlMappingNode mapping, params string[] keys)
    {
        foreach (var key in mapping.Children.Keys)
        {
            if (key is not YamlScalarNode { Value: { } text } || !keys.Contains(text))
            {
                throw Wrong(path, key, $"there is no key {key}; the keys here are {string.Join(", ", keys)}");
            }
        }
    }

    private static YamlNode? Child(YamlMappingNode mapping, string key) =>
        mapping.Children.TryGetValue(new YamlScalarNode(key), out var value) ? value : null;

    private static UsageException Wrong(string path, YamlNode node, string what) => new($"{path}, line {node.Start.Line}: {what}.");

    private static YamlNode? Root(string path)
    {
        try
        {
            var yaml = new YamlStream();
            using var reader = new StreamReader(path);
            yaml.Load(reader);
            return yaml.Documents.Count == 0 ? null : yaml.Documents[0].RootNode;
        }
        catch (YamlException e)
        {
            throw new UsageException($"{path} is not well-formed YAML, line {e.Start.Line}: {e.InnerException?.Message ?? e.Message}");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"{path} cannot be read: {e.Message}");
        }
    }
}
