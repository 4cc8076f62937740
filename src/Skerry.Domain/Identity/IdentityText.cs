using System.Text;

namespace Skerry.Domain.Identity;

/// <summary>What names, descriptions and passwords may be.</summary>
internal static class IdentityText
{
    public const int MaxProjectNameLength = 64;
    public const int MaxNameLength = 255;
    public const int MaxDescriptionLength = 4096;

    /// <summary>Names become authors of mutations, which State bounds.</summary>
    private const int MaxNameBytes = 512;

    /// <summary>In UTF-8 bytes; more would only make hashing slower.</summary>
    private const int MaxPasswordLength = 4096;

    public static Refusal? CheckName(string field, string name, int maxLength) =>
        string.IsNullOrWhiteSpace(name)
            ? Refusal.Invalid(field, $"{field} must not be empty.")
            : CheckText(field, name, maxLength);

    public static Refusal? CheckText(string field, string? text, int maxLength)
    {
        if (text is null)
        {
            return null;
        }

        if (text.Length > maxLength)
        {
            return Refusal.Invalid(field, $"{field} has {text.Length} characters; at most {maxLength} are allowed.");
        }

        if (maxLength <= MaxNameLength && Encoding.UTF8.GetByteCount(text) > MaxNameBytes)
        {
            return Refusal.Invalid(field, $"{field} has more than {MaxNameBytes} bytes as UTF-8.");
        }

        return text.Any(c => char.IsControl(c) && c is not ('\n' or '\r' or '\t'))
            ? Refusal.Invalid(field, $"{field} must not contain control characters.")
            : null;
    }

    public static Refusal? CheckPassword(string field, string password) => password.Length switch
    {
        0 => Refusal.Invalid(field, $"{field} must not be empty."),
        > MaxPasswordLength => Refusal.Invalid(field, $"{field} is longer than {MaxPasswordLength} characters."),
        _ => null,
    };
}
