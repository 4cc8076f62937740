using System.Text.RegularExpressions;

namespace Skerry.Api.OpenStack.BlockStorage;

/// <summary>
/// Reads <c>{'key': 'value'}</c>, which OpenStack's clients put into queries as Python prints it, and the same in JSON.
/// </summary>
internal static partial class PythonMap
{
    /// <summary>Null when the text is not such a map.</summary>
    public static IReadOnlyDictionary<string, string>? Parse(string text)
    {
        if (!Whole().IsMatch(text))
        {
            return null;
        }

        var map = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (Match pair in Pair().Matches(text))
        {
            map[Unquote(pair.Groups["key"].Value)] = Unquote(pair.Groups["value"].Value);
        }

        return map;
    }

    private static string Unquote(string quoted) => Escape().Replace(quoted[1..^1], "${character}");

    private const string Quoted = """(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")""";

    [GeneratedRegex($$"""^\s*\{\s*(?:u?{{Quoted}}\s*:\s*u?{{Quoted}}\s*(?:,\s*(?!\}))?)*\}\s*$""", RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex Whole();

    [GeneratedRegex($$"""u?(?<key>{{Quoted}})\s*:\s*u?(?<value>{{Quoted}})""", RegexOptions.ExplicitCapture)]
    private static partial Regex Pair();

    [GeneratedRegex("""\\(?<character>.)""", RegexOptions.Singleline | RegexOptions.ExplicitCapture)]
    private static partial Regex Escape();
}
