using System.Buffers.Binary;
using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using Skerry.State.Clocks;

namespace Skerry.Domain.Identity;

/// <summary>
/// Tokens as text: base64url without padding over claims and signature. The format is described in <c>docs/formats/token.md</c>.
/// </summary>
internal static class TokenCodec
{
    /// <summary>The longest text that is looked at at all; what the software itself makes is under 300 characters.</summary>
    public const int MaxTextLength = 512;

    private const byte Version = 1;
    private const int GuidBytes = 16;
    private const int MaxNameBytes = 64;

    /// <summary>The bytes that are signed.</summary>
    public static byte[] Encode(TokenClaims claims)
    {
        var lifetimeSeconds = checked((uint)(claims.ExpiresAt - claims.IssuedAt).TotalSeconds);
        using var stream = new MemoryStream(128);
        stream.WriteByte(Version);
        stream.WriteByte((byte)((int)claims.Methods | ((int)claims.Scope.Kind << 4)));
        WriteGuid(stream, claims.Id);
        if (claims.Methods.HasFlag(AuthMethods.Token))
        {
            WriteGuid(stream, claims.ParentId);
        }

        Span<byte> number = stackalloc byte[8];
        BinaryPrimitives.WriteUInt64BigEndian(number, claims.Issuer.Value);
        stream.Write(number);
        BinaryPrimitives.WriteInt64BigEndian(number, claims.IssuedAt.ToUnixTimeMilliseconds());
        stream.Write(number);
        BinaryPrimitives.WriteUInt32BigEndian(number, lifetimeSeconds);
        stream.Write(number[..4]);
        BinaryPrimitives.WriteInt64BigEndian(number, claims.PasswordEpoch);
        stream.Write(number);
        WriteId(stream, claims.UserId);
        if (claims.Scope.Kind is ScopeKind.Project or ScopeKind.Domain)
        {
            WriteId(stream, claims.Scope.Id);
        }

        return stream.ToArray();
    }

    public static string ToText(ReadOnlySpan<byte> claims, ReadOnlySpan<byte> signature) =>
        Base64Url.EncodeToString([.. claims, .. signature]);

    /// <summary>Takes a text apart without judging the signature. False for anything that <see cref="Encode"/> did not make.</summary>
    public static bool TryParse(
        string text, [NotNullWhen(true)] out TokenClaims? claims, out byte[] signedBytes, out byte[] signature)
    {
        claims = null;
        signedBytes = [];
        signature = [];
        if (text.Length > MaxTextLength || !Base64Url.IsValid(text))
        {
            return false;
        }

        var bytes = Base64Url.DecodeFromChars(text);
        if (bytes.Length <= TokenKey.SignatureBytes)
        {
            return false;
        }

        signedBytes = bytes[..^TokenKey.SignatureBytes];
        signature = bytes[^TokenKey.SignatureBytes..];
        claims = new Reader(signedBytes).ReadClaims();

        // One meaning has one spelling: whatever reads well but was not written so is refused.
        return claims is not null && Encode(claims).AsSpan().SequenceEqual(signedBytes) && ToText(signedBytes, signature) == text;
    }

    private static void WriteGuid(MemoryStream stream, Guid value)
    {
        Span<byte> bytes = stackalloc byte[GuidBytes];
        value.TryWriteBytes(bytes, bigEndian: true, out _);
        stream.Write(bytes);
    }

    private static void WriteId(MemoryStream stream, string id)
    {
        if (IsCompact(id, out var guid))
        {
            stream.WriteByte(0);
            WriteGuid(stream, guid);
            return;
        }

        var bytes = Encoding.UTF8.GetBytes(id);
        if (bytes.Length is 0 or > MaxNameBytes)
        {
            throw new ArgumentException($"The id {id} does not fit into a token: it needs 1 to {MaxNameBytes} bytes.", nameof(id));
        }

        stream.WriteByte((byte)bytes.Length);
        stream.Write(bytes);
    }

    private static bool IsCompact(string id, out Guid guid) =>
        Guid.TryParseExact(id, "N", out guid) && guid.ToString("N") == id;

    private ref struct Reader(ReadOnlySpan<byte> rest)
    {
        private ReadOnlySpan<byte> _rest = rest;
        private bool _failed;

        public TokenClaims? ReadClaims()
        {
            var version = Take(1)[0];
            var flags = Take(1)[0];
            var methods = (AuthMethods)(flags & 0x0F);
            var kind = (ScopeKind)(flags >> 4);
            var id = new Guid(Take(GuidBytes), bigEndian: true);
            var parentId = methods.HasFlag(AuthMethods.Token) ? new Guid(Take(GuidBytes), bigEndian: true) : Guid.Empty;
            var issuer = new SiteId(BinaryPrimitives.ReadUInt64BigEndian(Take(8)));
            var issuedAt = BinaryPrimitives.ReadInt64BigEndian(Take(8));
            var lifetimeSeconds = BinaryPrimitives.ReadUInt32BigEndian(Take(4));
            var epoch = BinaryPrimitives.ReadInt64BigEndian(Take(8));
            var userId = ReadId();
            var scopeId = kind is ScopeKind.Project or ScopeKind.Domain ? ReadId() : "";
            if (_failed || _rest.Length > 0 || version != Version || kind > ScopeKind.System
                || issuedAt is < 0 or > 253_402_300_799_999 - (long)uint.MaxValue * 1000)
            {
                return null;
            }

            var issued = DateTimeOffset.FromUnixTimeMilliseconds(issuedAt);
            return new TokenClaims(
                id, parentId, issuer, userId, new TokenScope(kind, scopeId), methods, issued, issued.AddSeconds(lifetimeSeconds), epoch);
        }

        private string ReadId()
        {
            var length = Take(1)[0];
            return length == 0 ? new Guid(Take(GuidBytes), bigEndian: true).ToString("N") : Encoding.UTF8.GetString(Take(length));
        }

        /// <summary>Zeroes once the input has run out; the caller asks at the end whether it did.</summary>
        private ReadOnlySpan<byte> Take(int count)
        {
            if (_rest.Length < count)
            {
                _failed = true;
                _rest = [];
                return new byte[count];
            }

            var taken = _rest[..count];
            _rest = _rest[count..];
            return taken;
        }
    }
}
