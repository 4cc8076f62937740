using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Skerry.Cli.Settings;

/// <summary>
/// The clouds of <c>clouds.yaml</c>: the file that <c>OS_CLIENT_CONFIG_FILE</c> names, else the first one found in the working
/// directory, <c>~/.config/openstack</c> and <c>/etc/openstack</c>. A <c>secure.yaml</c> beside it adds to each cloud.
/// </summary>
internal sealed class CloudsFile
{
    private readonly Dictionary<string, Dictionary<string, string>> _clouds;

    private CloudsFile(string path, Dictionary<string, Dictionary<string, string>> clouds)
    {
        Path = path;
        _clouds = clouds;
    }

    public string Path { get; }

    public IReadOnlyCollection<string> Names => _clouds.Keys;

    /// <summary>Keys as in the file; those below <c>auth</c> stand beside the others.</summary>
    public IReadOnlyDictionary<string, string>? Find(string cloud) => _clouds.GetValueOrDefault(cloud);

    public static CloudsFile? Read(Surroundings surroundings)
    {
        if (surroundings.Variable("OS_CLIENT_CONFIG_FILE") is { } named)
        {
            return File.Exists(named)
                ? Load(named)
                : throw new UsageException($"There is no file {named}.", "Correct OS_CLIENT_CONFIG_FILE.");
        }

        var path = Places(surroundings).FirstOrDefault(File.Exists);
        return path is null ? null : Load(path);
    }

    public static IEnumerable<string> Places(Surroundings surroundings)
    {
        var home = surroundings.Variable("HOME");
        var configuration = surroundings.Variable("XDG_CONFIG_HOME") ?? (home is null ? null : System.IO.Path.Combine(home, ".config"));
        foreach (var name in (string[])["clouds.yaml", "clouds.yml"])
        {
            yield return System.IO.Path.Combine(surroundings.WorkingDirectory, name);
            if (configuration is not null)
            {
                yield return System.IO.Path.Combine(configuration, "openstack", name);
            }

            yield return "/etc/openstack/" + name;
        }
    }

    private static CloudsFile Load(string path)
    {
        var clouds = new Dictionary<string, Dictionary<string, string>>(StringComparer.Ordinal);
        Add(clouds, path);
        var secure = System.IO.Path.Combine(System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(path))!, "secure.yaml");
        if (File.Exists(secure))
        {
            Add(clouds, secure);
        }

        return new CloudsFile(path, clouds);
    }

    private static void Add(Dictionary<string, Dictionary<string, string>> clouds, string path)
    {
        if (Root(path) is not { } root)
        {
            return;
        }

        if (Child(root, "clouds") is not YamlMappingNode all)
        {
            throw new UsageException($"{path} has no mapping clouds at its top.", "See `skerry --help` for what it should look like.");
        }

        foreach (var (name, cloud) in all.Children)
        {
            var known = clouds.TryGetValue(Text(name), out var had) ? had : clouds[Text(name)] = new(StringComparer.Ordinal);
            Flatten(known, cloud);
        }
    }

    private static void Flatten(Dictionary<string, string> into, YamlNode node)
    {
        if (node is not YamlMappingNode mapping)
        {
            return;
        }

        foreach (var (key, value) in mapping.Children)
        {
            if (value is YamlScalarNode { Value: { Length: > 0 } text })
            {
                into[Text(key)] = text;
            }
            else if (Text(key) == "auth")
            {
                Flatten(into, value);
            }
        }
    }

    private static YamlMappingNode? Root(string path)
    {
        try
        {
            var yaml = new YamlStream();
            using var reader = new StreamReader(path);
            yaml.Load(reader);
            return yaml.Documents.Count == 0 ? null : yaml.Documents[0].RootNode as YamlMappingNode;
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

    private static YamlNode? Child(YamlMappingNode mapping, string key) =>
        mapping.Children.TryGetValue(new YamlScalarNode(key), out var value) ? value : null;

    private static string Text(YamlNode node) => (node as YamlScalarNode)?.Value ?? "";
}
