using System.Buffers.Binary;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Skerry.State.Clocks;

namespace Skerry.Domain.Sessions;

/// <summary>
/// What a client has seen: the last write of the site that answered it, which was made after everything that the site had by then, and
/// the later writes of others that the site had taken in since. To clients it is opaque.
/// </summary>
/// <remarks>
/// Layout, in base64url: version 1; 8 bytes that name the cloud (of SHA-256 over its id); then dots: site and incarnation, 8 bytes each,
/// little-endian, and the sequence number as a LEB128 varint.
/// </remarks>
/// <param name="Cloud">Which cloud it is of.</param>
/// <param name="Dots">All that must be covered.</param>
internal sealed record SessionToken(ulong Cloud, IReadOnlyList<Dot> Dots)
{
    /// <summary>The longest token, in characters.</summary>
    public const int MaxLength = 2048;

    private const byte Version = 1;
    private const int MaxBytes = MaxLength / 4 * 3;
    private const int MostDotBytes = 26;

    /// <summary>So many dots fit, whatever they are.</summary>
    public const int MostDots = (MaxBytes - 9) / MostDotBytes;

    public static ulong CloudOf(string cloudId) => BinaryPrimitives.ReadUInt64LittleEndian(SHA256.HashData(Encoding.UTF8.GetBytes(cloudId)));

    public string Encode()
    {
        Span<byte> bytes = stackalloc byte[MaxBytes];
        bytes[0] = Version;
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[1..], Cloud);
        var length = 9;
        foreach (var dot in Dots)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(bytes[length..], dot.Site.Value);
            BinaryPrimitives.WriteUInt64LittleEndian(bytes[(length + 8)..], dot.Incarnation);
            length += 16;
            for (var rest = (ulong)dot.Sequence; ; rest >>= 7)
            {
                bytes[length++] = (byte)(rest < 0x80 ? rest : (rest & 0x7F) | 0x80);
                if (rest < 0x80)
                {
                    break;
                }
            }
        }

        return Base64Url.EncodeToString(bytes[..length]);
    }

    /// <summary>Null for a text that is no token of a version known here.</summary>
    public static SessionToken? Decode(string text)
    {
        if (text.Length > MaxLength || !Base64Url.IsValid(text))
        {
            return null;
        }

        ReadOnlySpan<byte> rest = Base64Url.DecodeFromChars(text);
        if (rest.Length < 9 || rest[0] != Version)
        {
            return null;
        }

        var cloud = BinaryPrimitives.ReadUInt64LittleEndian(rest[1..]);
        var dots = new List<Dot>();
        for (rest = rest[9..]; !rest.IsEmpty;)
        {
            if (rest.Length < 17)
            {
                return null;
            }

            var (site, incarnation) = (BinaryPrimitives.ReadUInt64LittleEndian(rest), BinaryPrimitives.ReadUInt64LittleEndian(rest[8..]));
            rest = rest[16..];
            if (!TryReadVarint(ref rest, out var sequence))
            {
                return null;
            }

            dots.Add(new Dot(new SiteId(site), incarnation, sequence));
        }

        return new SessionToken(cloud, dots);
    }

    private static bool TryReadVarint(ref ReadOnlySpan<byte> rest, out long value)
    {
        value = 0;
        for (var shift = 0; shift < 63 && !rest.IsEmpty; shift += 7)
        {
            var part = rest[0];
            rest = rest[1..];
            value |= (long)(part & 0x7F) << shift;
            if (part < 0x80)
            {
                return value > 0;
            }
        }

        return false;
    }
}
