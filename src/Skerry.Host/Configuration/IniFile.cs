namespace Skerry.Host.Configuration;

/// <summary>One setting, with where it was written, so that a mistake can be named by its line.</summary>
/// <param name="Value">The text behind the equals sign, without comment and surrounding space.</param>
/// <param name="Origin">For messages: <c>line 12</c>, or <c>environment variable SYNC_DELTA</c>.</param>
internal readonly record struct Setting(string Value, string Origin);

/// <summary>What is wrong in a configuration, and where.</summary>
internal sealed record ConfigurationMistake(string Origin, string Message)
{
    public override string ToString() => $"{Origin}: {Message}";
}

/// <summary>
/// An INI file as OpenStack operators know it: sections, <c>key = value</c>, <c>#</c> and <c>;</c> comments, values that go on in
/// indented lines. A comment may also stand behind a value, after a space.
/// </summary>
internal sealed class IniFile
{
    private readonly Dictionary<string, Dictionary<string, Setting>> _sections = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _sectionOrigins = new(StringComparer.Ordinal);

    /// <summary>Section names in the order in which they first appear.</summary>
    public List<string> SectionNames { get; } = [];

    public static IniFile Parse(string text, List<ConfigurationMistake> mistakes)
    {
        var file = new IniFile();
        string? section = null;
        string? key = null;
        var number = 0;
        foreach (var raw in text.Split('\n'))
        {
            number++;
            var origin = $"line {number}";
            var line = WithoutComment(raw.TrimEnd('\r'));
            if (string.IsNullOrWhiteSpace(line))
            {
                key = string.IsNullOrWhiteSpace(raw) ? null : key;
                continue;
            }

            if (char.IsWhiteSpace(line[0]) && section is not null && key is not null)
            {
                var settings = file._sections[section];
                settings[key] = settings[key] with { Value = $"{settings[key].Value} {line.Trim()}".Trim() };
                continue;
            }

            line = line.Trim();
            if (line[0] == '[')
            {
                key = null;
                section = line.EndsWith(']') ? line[1..^1].Trim() : null;
                if (string.IsNullOrEmpty(section))
                {
                    section = null;
                    mistakes.Add(new(origin, $"'{line}' is not a section; write [name]."));
                    continue;
                }

                file.Add(section, origin);
                continue;
            }

            var equals = line.IndexOf('=', StringComparison.Ordinal);
            if (equals <= 0)
            {
                key = null;
                mistakes.Add(new(origin, $"'{line}' is neither a section nor a setting; write key = value."));
                continue;
            }

            key = line[..equals].Trim();
            if (section is null)
            {
                mistakes.Add(new(origin, $"'{key}' stands before any section; put it below [site], [sync] or the section that it belongs to."));
                key = null;
                continue;
            }

            if (!file._sections[section].TryAdd(key, new(line[(equals + 1)..].Trim(), origin)))
            {
                mistakes.Add(new(origin, $"'{key}' is set twice in [{section}]; first at {file._sections[section][key].Origin}."));
                key = null;
            }
        }

        return file;
    }

    public IReadOnlyDictionary<string, Setting> Section(string name) =>
        _sections.TryGetValue(name, out var settings) ? settings : new Dictionary<string, Setting>();

    public string OriginOf(string section) => _sectionOrigins.GetValueOrDefault(section, "configuration");

    /// <summary>Sets or replaces one setting; the environment does so.</summary>
    public void Set(string section, string key, Setting setting)
    {
        Add(section, setting.Origin);
        _sections[section][key] = setting;
    }

    private void Add(string section, string origin)
    {
        if (_sections.TryAdd(section, new(StringComparer.Ordinal)))
        {
            SectionNames.Add(section);
            _sectionOrigins[section] = origin;
        }
    }

    /// <summary>A comment begins a line, or follows white space outside of quotes.</summary>
    private static string WithoutComment(string line)
    {
        var quote = '\0';
        for (var i = 0; i < line.Length; i++)
        {
            var c = line[i];
            if (quote != '\0')
            {
                quote = c == quote ? '\0' : quote;
            }
            else if (c is '\'' or '"')
            {
                quote = c;
            }
            else if (c is '#' or ';' && (i == 0 || char.IsWhiteSpace(line[i - 1])))
            {
                return line[..i].TrimEnd();
            }
        }

        return line.TrimEnd();
    }
}
