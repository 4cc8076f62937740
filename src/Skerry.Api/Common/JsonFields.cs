using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text.Json;
using Skerry.Domain;

namespace Skerry.Api.Common;

/// <summary>
/// Reads the members of a JSON object and remembers the first that is wrong, by its name. A reader takes what it needs, then asks
/// <see cref="Refusal"/> once. Absent and null read alike unless <see cref="Has"/> is asked.
/// </summary>
internal sealed class JsonFields
{
    private readonly JsonElement _object;
    private readonly string _name;
    private readonly Problem _problem;

    public JsonFields(JsonElement element, string name)
        : this(element, name, new Problem())
    {
    }

    private JsonFields(JsonElement element, string name, Problem problem)
    {
        _object = element;
        _name = name;
        _problem = problem;
        if (element.ValueKind is not (JsonValueKind.Object or JsonValueKind.Null or JsonValueKind.Undefined))
        {
            Fail(name, $"{name} must be an object, not {Describe(element)}.");
        }
    }

    /// <summary>The first thing found wrong so far, here or in an object inside.</summary>
    public Refusal? Refusal => _problem.First;

    /// <summary>True when the member is there, even as null.</summary>
    public bool Has(string name) => _object.ValueKind == JsonValueKind.Object && _object.TryGetProperty(name, out _);

    /// <summary>The member as it stands, whatever its type; JSON's null when it is there as null, and null when it is absent.</summary>
    public JsonElement? Any(string name) =>
        _object.ValueKind == JsonValueKind.Object && _object.TryGetProperty(name, out var value) ? value : null;

    /// <summary>For members that are an object or one certain word.</summary>
    public bool IsText(string name, string word) =>
        TryGet(name, required: false, out var value) && value.ValueKind == JsonValueKind.String && value.ValueEquals(word);

    public string? Text(string name, bool required = false)
    {
        if (!TryGet(name, required, out var value))
        {
            return null;
        }

        if (value.ValueKind != JsonValueKind.String)
        {
            Fail(name, $"{name} must be a text, not {Describe(value)}.");
            return null;
        }

        return TryText(value, out var text) ? text : FailText(name);
    }

    /// <summary>A whole number, also when it is written as a text, as OpenStack takes both.</summary>
    public int? Integer(string name, bool required = false)
    {
        if (!TryGet(name, required, out var value))
        {
            return null;
        }

        if (value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var number))
        {
            return number;
        }

        if (value.ValueKind == JsonValueKind.String && TryText(value, out var text)
            && int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out number))
        {
            return number;
        }

        Fail(name, $"{name} must be a whole number of at most {int.MaxValue}, not {Describe(value)}.");
        return null;
    }

    /// <summary>A point in time; UTC unless it says otherwise.</summary>
    public DateTimeOffset? Instant(string name)
    {
        if (Text(name) is not { } text)
        {
            return null;
        }

        if (DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var instant))
        {
            return instant;
        }

        Fail(name, $"{name} must be a time as 2027-01-31T22:00:00Z, not '{text}'.");
        return null;
    }

    /// <summary>True or false, also as the texts and numbers that OpenStack takes for them.</summary>
    public bool? Flag(string name, bool required = false)
    {
        if (!TryGet(name, required, out var value))
        {
            return null;
        }

        var word = value.ValueKind switch
        {
            JsonValueKind.True => "true",
            JsonValueKind.False => "false",
            JsonValueKind.Number => value.GetRawText(),
            JsonValueKind.String when TryText(value, out var text) => text.ToLowerInvariant(),
            _ => "",
        };
        switch (word)
        {
            case "true" or "t" or "1" or "yes" or "y" or "on":
                return true;
            case "false" or "f" or "0" or "no" or "n" or "off":
                return false;
            default:
                Fail(name, $"{name} must be true or false, not {Describe(value)}.");
                return null;
        }
    }

    public JsonFields? Object(string name, bool required = false) =>
        TryGet(name, required, out var value) || required ? new JsonFields(value, name, _problem) : null;

    /// <summary>Names with texts, as metadata has them.</summary>
    public IReadOnlyDictionary<string, string>? TextMap(string name, bool required = false)
    {
        if (!TryGet(name, required, out var value))
        {
            return null;
        }

        if (value.ValueKind != JsonValueKind.Object)
        {
            Fail(name, $"{name} must be an object of texts, not {Describe(value)}.");
            return null;
        }

        var map = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var member in value.EnumerateObject())
        {
            if (!TryName(member, out var key) || key.Length is 0 or > 255)
            {
                Fail(name, $"{name} has a name that is not a text of 1 to 255 characters.");
                return null;
            }

            if (member.Value.ValueKind != JsonValueKind.String || !TryText(member.Value, out var text) || text.Length > 255)
            {
                Fail(name, $"{name}.{key} must be a text of at most 255 characters, not {Describe(member.Value)}.");
                return null;
            }

            map[key] = text;
        }

        return map;
    }

    /// <summary>A list of texts.</summary>
    public IReadOnlyList<string>? TextList(string name, bool required = false)
    {
        if (!TryGet(name, required, out var value))
        {
            return null;
        }

        var texts = new List<string>();
        if (value.ValueKind == JsonValueKind.Array)
        {
            foreach (var item in value.EnumerateArray())
            {
                if (item.ValueKind != JsonValueKind.String || !TryText(item, out var text))
                {
                    Fail(name, $"{name} must hold texts only, not {Describe(item)}.");
                    return null;
                }

                texts.Add(text);
            }

            return texts;
        }

        Fail(name, $"{name} must be a list, not {Describe(value)}.");
        return null;
    }

    /// <summary>Refuses members that are none of these.</summary>
    public void Allow(params ReadOnlySpan<string> names)
    {
        if (_object.ValueKind != JsonValueKind.Object)
        {
            return;
        }

        foreach (var member in _object.EnumerateObject())
        {
            if (!TryName(member, out var name) || !names.Contains(name))
            {
                Fail(_name, $"Additional properties are not allowed ('{name}' was unexpected in {_name}).");
            }
        }
    }

    /// <summary>Remembers a refusal of the caller's own, in order with the others.</summary>
    public void Fail(string field, string message) => _problem.First ??= Domain.Refusal.Invalid(field, message);

    public static bool TryName(JsonProperty member, out string name)
    {
        try
        {
            name = member.Name;
            return true;
        }
        catch (InvalidOperationException)
        {
            name = "";
            return false;
        }
    }

    private bool TryGet(string name, bool required, out JsonElement value)
    {
        if (_object.ValueKind == JsonValueKind.Object && _object.TryGetProperty(name, out value)
            && value.ValueKind != JsonValueKind.Null)
        {
            return true;
        }

        value = default;
        if (required)
        {
            Fail(name, $"'{name}' is a required property of {_name}.");
        }

        return false;
    }

    /// <summary>JSON can escape halves of characters, which are no text.</summary>
    private static bool TryText(JsonElement value, [NotNullWhen(true)] out string? text)
    {
        try
        {
            text = value.GetString();
            return text is not null;
        }
        catch (InvalidOperationException)
        {
            text = null;
            return false;
        }
    }

    private string? FailText(string name)
    {
        Fail(name, $"{name} is not valid Unicode.");
        return null;
    }

    private static string Describe(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "a list",
        JsonValueKind.String => "a text that does not fit",
        JsonValueKind.Number => "such a number",
        JsonValueKind.True or JsonValueKind.False => "true or false",
        _ => "null",
    };

    private sealed class Problem
    {
        public Refusal? First { get; set; }
    }
}
