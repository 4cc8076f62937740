using System.Text;

namespace Skerry.Api.OpenStack.BlockStorage;

/// <summary>
/// Reads <c>{'key': 'value'}</c>, which OpenStack's clients put into queries as Python prints it, and the same in JSON.
/// </summary>
internal ref struct PythonMap
{
    private readonly ReadOnlySpan<char> _text;
    private int _at;

    private PythonMap(string text) => _text = text;

    /// <summary>Null when the text is not such a map.</summary>
    public static IReadOnlyDictionary<string, string>? Parse(string text) => new PythonMap(text).ReadMap();

    private Dictionary<string, string>? ReadMap()
    {
        var map = new Dictionary<string, string>(StringComparer.Ordinal);
        if (!Take('{'))
        {
            return null;
        }

        while (!Take('}'))
        {
            if (map.Count > 0 && !Take(','))
            {
                return null;
            }

            if (ReadText() is not { } key || !Take(':') || ReadText() is not { } value)
            {
                return null;
            }

            map[key] = value;
        }

        SkipSpace();
        return _at == _text.Length ? map : null;
    }

    /// <summary>A text in either sort of quotes, also with Python's old prefix; a backslash stands for the character after it.</summary>
    private string? ReadText()
    {
        Take('u');
        var quote = Take('\'') ? '\'' : Take('"') ? '"' : '\0';
        var text = new StringBuilder();
        while (quote != '\0' && _at < _text.Length)
        {
            var c = _text[_at++];
            if (c == quote)
            {
                return text.ToString();
            }

            if (c == '\\')
            {
                if (_at == _text.Length)
                {
                    return null;
                }

                c = _text[_at++];
            }

            text.Append(c);
        }

        return null;
    }

    private bool Take(char expected)
    {
        SkipSpace();
        if (_at == _text.Length || _text[_at] != expected)
        {
            return false;
        }

        _at++;
        return true;
    }

    private void SkipSpace()
    {
        while (_at < _text.Length && char.IsWhiteSpace(_text[_at]))
        {
            _at++;
        }
    }
}
