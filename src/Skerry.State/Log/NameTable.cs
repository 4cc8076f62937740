using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace Skerry.State.Log;

/// <summary>
/// A bounded memory of names (kinds, fields, authors), so that a million entities do not hold a million copies of "name". A slot
/// holds the latest name that fell into it; a race costs a copy and nothing else.
/// </summary>
internal sealed class NameTable
{
    private const int Slots = 4096;
    private const int LongestNameBytes = 128;

    private readonly Slot?[] _slots = new Slot?[Slots];

    public static NameTable Shared { get; } = new();

    /// <summary>The name of bytes that are known to be UTF-8.</summary>
    public string Get(ReadOnlySpan<byte> utf8) => TryFind(utf8, out var name) ? name : Remember(utf8, Encoding.UTF8.GetString(utf8));

    public bool TryFind(ReadOnlySpan<byte> utf8, [NotNullWhen(true)] out string? name)
    {
        var slot = utf8.Length <= LongestNameBytes ? Volatile.Read(ref _slots[IndexOf(utf8)]) : null;
        name = slot is not null && utf8.SequenceEqual(slot.Utf8) ? slot.Text : null;
        return name is not null;
    }

    public string Remember(ReadOnlySpan<byte> utf8, string name)
    {
        if (utf8.Length <= LongestNameBytes) Volatile.Write(ref _slots[IndexOf(utf8)], new Slot(utf8.ToArray(), name));
        return name;
    }

    private static int IndexOf(ReadOnlySpan<byte> utf8) => (int)(ByteWriter.Checksum(utf8) % Slots);

    private sealed record Slot(byte[] Utf8, string Text);
}
