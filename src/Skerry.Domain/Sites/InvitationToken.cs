using System.Buffers.Text;
using System.Text.Json;

namespace Skerry.Domain.Sites;

/// <summary>What an invitation hands to the joiner: JSON in base64url, shown once. Whoever holds it can join, so it is a secret.</summary>
/// <param name="V">Version of the format: 1.</param>
/// <param name="Cloud">The cloud's id.</param>
/// <param name="Site">The inviter's site id.</param>
/// <param name="Name">The inviter's name, for messages.</param>
/// <param name="Address">HOST:PORT at which the joiner dials the inviter's sync listener.</param>
/// <param name="Pin">SHA-256 of the inviter's certificate, in hexadecimal.</param>
/// <param name="Id">The invitation's id.</param>
/// <param name="Secret">256 random bits in hexadecimal; the state holds only their hash.</param>
/// <param name="ExpiresAt">As <see cref="Instants"/> writes it.</param>
internal sealed record InvitationToken(
    int V, string Cloud, string Site, string Name, string Address, string Pin, string Id, string Secret, string ExpiresAt)
{
    public const int Version = 1;

    public string Encode() => Base64Url.EncodeToString(JsonSerializer.SerializeToUtf8Bytes(this, SitesJson.Default.InvitationToken));

    public static Outcome<InvitationToken> Decode(string text)
    {
        var wrong = Refusal.Invalid(
            "token", "This is not an invitation.", "Give the whole text that 'skerry site invite' printed at the other site.");
        try
        {
            var token = JsonSerializer.Deserialize(Base64Url.DecodeFromChars(text.Trim()), SitesJson.Default.InvitationToken);
            if (token is null || token.V < 1)
            {
                return wrong;
            }

            if (token.V > Version)
            {
                return Refusal.Invalid("token", $"The invitation is of version {token.V}, newer than this site knows.", "Upgrade this site first.");
            }

            var isWhole = token is { Cloud: not null, Name: not null, Pin: not null, Id: not null, Secret: not null, ExpiresAt: not null }
                && HostPort.IsValid(token.Address) && State.Clocks.SiteId.TryParse(token.Site, out _);
            return isWhole ? token : wrong;
        }
        catch (Exception e) when (e is FormatException or JsonException)
        {
            return wrong;
        }
    }
}
