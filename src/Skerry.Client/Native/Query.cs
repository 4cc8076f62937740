using System.Text;

namespace Skerry.Client.Native;

/// <summary>Paths and queries with every value escaped.</summary>
internal static class Query
{
    public static string Escape(string segment) => Uri.EscapeDataString(segment);

    /// <summary>Values that are null are left out.</summary>
    public static string Of(string path, params ReadOnlySpan<(string Name, string? Value)> values)
    {
        var text = new StringBuilder(path);
        var separator = '?';
        foreach (var (name, value) in values)
        {
            if (value is not null)
            {
                text.Append(separator).Append(name).Append('=').Append(Uri.EscapeDataString(value));
                separator = '&';
            }
        }

        return text.ToString();
    }
}
