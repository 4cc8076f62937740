using System.Buffers.Binary;
using System.Text;

namespace Skerry.State.Log;

/// <summary>
/// Reads what <see cref="ByteWriter"/> wrote. No input can make it read outside its bytes or allocate more than they could hold;
/// whatever does not fit is a <see cref="StateFormatException"/> that names the record.
/// </summary>
internal ref struct ByteReader(ReadOnlySpan<byte> bytes, string record)
{
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly int _length = bytes.Length;
    private ReadOnlySpan<byte> _rest = bytes;

    public readonly ReadOnlySpan<byte> Rest => _rest;

    /// <summary>How many bytes were read.</summary>
    public readonly int Position => _length - _rest.Length;

    public readonly bool AtEnd => _rest.IsEmpty;

    /// <summary>Opens a record that ends in its CRC-32C.</summary>
    public static ByteReader Checked(ReadOnlySpan<byte> bytes, string record)
    {
        var fault = new ByteReader(bytes, record);
        if (bytes.Length < 5) throw fault.Fault("shorter than any such record");
        var body = bytes[..^4];
        if (BinaryPrimitives.ReadUInt32LittleEndian(bytes[^4..]) != ByteWriter.Checksum(body)) throw fault.Fault("its checksum does not match");
        return new ByteReader(body, record);
    }

    public readonly StateFormatException Fault(string what) =>
        new($"Damaged {record}: {what} (at byte {_length - _rest.Length} of {_length}).");

    public byte ReadByte() => Take(1)[0];

    public ulong ReadUInt64() => BinaryPrimitives.ReadUInt64LittleEndian(Take(8));

    public ulong ReadVarint()
    {
        var value = 0UL;
        for (var shift = 0; shift < 64; shift += 7)
        {
            var part = Take(1)[0];
            if (shift == 63 && part > 1) break;
            value |= (ulong)(part & 0x7F) << shift;
            if (part >= 0x80) continue;
            // One value has one encoding, or equal states could have different bytes.
            return part == 0 && shift > 0 ? throw Fault("a number that is longer than it need be") : value;
        }

        throw Fault("a number beyond 64 bits");
    }

    /// <summary>A number that fits a positive <see cref="long"/>.</summary>
    public long ReadPositive()
    {
        var value = ReadVarint();
        return value <= long.MaxValue ? (long)value : throw Fault("a number beyond 63 bits");
    }

    public int ReadInt(int maximum)
    {
        var value = ReadVarint();
        return value <= (ulong)maximum ? (int)value : throw Fault($"{value} where at most {maximum} can be");
    }

    /// <summary>A count of things that take at least so many bytes each, so it cannot promise more than is there.</summary>
    public int ReadCount(int minimumBytesEach) => ReadInt(_rest.Length / minimumBytesEach);

    public ReadOnlySpan<byte> ReadRaw(int count) => Take(count);

    public ReadOnlySpan<byte> ReadBytes() => Take(ReadInt(_rest.Length));

    public string ReadString()
    {
        try
        {
            return Strict.GetString(ReadBytes());
        }
        catch (ArgumentException invalid)
        {
            throw new StateFormatException($"Damaged {record}: text that is not UTF-8.", invalid);
        }
    }

    /// <summary>Text that many records share; equal names are one object where that is cheap.</summary>
    public string ReadName()
    {
        var before = _rest;
        var utf8 = ReadBytes();
        if (NameTable.Shared.TryFind(utf8, out var known)) return known;
        _rest = before;
        return NameTable.Shared.Remember(utf8, ReadString());
    }

    public readonly void ExpectEnd()
    {
        if (!AtEnd) throw Fault("bytes after its end");
    }

    private ReadOnlySpan<byte> Take(int count)
    {
        if (count > _rest.Length) throw Fault("cut short");
        var taken = _rest[..count];
        _rest = _rest[count..];
        return taken;
    }
}
