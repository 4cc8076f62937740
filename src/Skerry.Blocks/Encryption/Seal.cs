using System.Buffers.Binary;

namespace Skerry.Blocks.Encryption;

/// <summary>
/// What is kept with each encrypted block, and is all that its reader needs beside the volume's key: a random salt that names the
/// subkey, a counter that makes the nonce, and the tag.
/// </summary>
internal static class Seal
{
    public const int SaltBytes = 12, CounterAt = SaltBytes, TagAt = CounterAt + sizeof(uint), TagBytes = 16;

    /// <summary>Bytes of a seal.</summary>
    public const int Bytes = TagAt + TagBytes;

    public static Salt SaltOf(ReadOnlySpan<byte> seal) => Salt.Read(seal);

    public static uint CounterOf(ReadOnlySpan<byte> seal) => BinaryPrimitives.ReadUInt32LittleEndian(seal[CounterAt..]);

    public static Span<byte> TagOf(Span<byte> seal) => seal.Slice(TagAt, TagBytes);

    public static ReadOnlySpan<byte> TagOf(ReadOnlySpan<byte> seal) => seal.Slice(TagAt, TagBytes);

    public static void Write(Span<byte> seal, Salt salt, uint counter)
    {
        salt.Write(seal);
        BinaryPrimitives.WriteUInt32LittleEndian(seal[CounterAt..], counter);
    }
}

/// <summary>96 random bits.</summary>
internal readonly record struct Salt(ulong Low, uint High)
{
    public static Salt Read(ReadOnlySpan<byte> bytes) =>
        new(BinaryPrimitives.ReadUInt64LittleEndian(bytes), BinaryPrimitives.ReadUInt32LittleEndian(bytes[sizeof(ulong)..]));

    public void Write(Span<byte> bytes)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, Low);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[sizeof(ulong)..], High);
    }
}
