using System.Buffers.Binary;
using System.Text;

namespace Skerry.Sync.Protocol;

/// <summary>
/// Reads what <see cref="WireWriter"/> wrote. No input makes it read outside its bytes or allocate more than they could hold; what
/// does not fit is a <see cref="ProtocolException"/> that names the frame.
/// </summary>
internal struct WireReader(ReadOnlyMemory<byte> bytes, string frame)
{
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly int _length = bytes.Length;
    private ReadOnlyMemory<byte> _rest = bytes;

    public readonly bool IsAtEnd => _rest.IsEmpty;

    public readonly ProtocolException Fault(string what) => new(ByeCode.Malformed, $"A {frame} frame of {_length} bytes is malformed: {what}.");

    public byte Byte() => Take(1).Span[0];

    public ulong UInt64() => BinaryPrimitives.ReadUInt64LittleEndian(Take(8).Span);

    public long Varint()
    {
        var value = 0UL;
        for (var shift = 0; shift < 63; shift += 7)
        {
            var part = Byte();
            value |= (ulong)(part & 0x7F) << shift;
            if (part < 0x80)
            {
                return (long)value;
            }
        }

        throw Fault("a number beyond 63 bits");
    }

    public int Length(int most)
    {
        var length = Varint();
        return length <= most ? (int)length : throw Fault($"a length of {length}, above the limit of {most}");
    }

    /// <summary>A part of the frame itself, not a copy.</summary>
    public ReadOnlyMemory<byte> Bytes() => Take(Length(_rest.Length));

    public string Text(int mostBytes = int.MaxValue)
    {
        try
        {
            return Strict.GetString(Take(Length(Math.Min(mostBytes, _rest.Length))).Span);
        }
        catch (DecoderFallbackException)
        {
            throw Fault("a text that is not UTF-8");
        }
    }

    public ReadOnlyMemory<byte> Raw(int length) => Take(length);

    public Guid Id() => new(Take(16).Span, bigEndian: true);

    public ReadOnlyMemory<byte> Rest() => Take(_rest.Length);

    private ReadOnlyMemory<byte> Take(int length)
    {
        if (length > _rest.Length)
        {
            throw Fault("it ends too soon");
        }

        var taken = _rest[..length];
        _rest = _rest[length..];
        return taken;
    }
}
