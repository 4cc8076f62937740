using System.Globalization;

namespace Skerry.Domain.Groups;

/// <summary>One instant over all members of a group, by the name that every member knows it by.</summary>
/// <param name="Id">20 hexadecimal digits: when it was taken, in Unix milliseconds by the primary's clock, and 32 random bits.</param>
/// <remarks>The time is for people. Which of two cuts is the newer is told by the members' write numbers, since clocks step back.</remarks>
public readonly record struct Cut(string Id)
{
    private const int TimeDigits = 12;
    private const int Digits = TimeDigits + 8;

    public DateTimeOffset TakenAt => DateTimeOffset.FromUnixTimeMilliseconds(
        long.Parse(Id.AsSpan(0, TimeDigits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture));

    /// <summary>A new one, made before the instant that it names.</summary>
    /// <param name="now">When it is about to be taken.</param>
    /// <param name="uuid">Random: a UUID.</param>
    public static Cut New(DateTimeOffset now, string uuid) => new(
        string.Create(CultureInfo.InvariantCulture, $"{Math.Max(0, now.ToUnixTimeMilliseconds()):x12}") + uuid[..(Digits - TimeDigits)].ToLowerInvariant());

    /// <summary>Null when the text names none.</summary>
    public static Cut? Parse(string text) =>
        text.Length == Digits && text.AsSpan().IndexOfAnyExcept("0123456789abcdef") < 0
        && long.Parse(text.AsSpan(0, TimeDigits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture) <= DateTimeOffset.MaxValue.ToUnixTimeMilliseconds()
            ? new Cut(text)
            : null;

    public override string ToString() => Id;
}
