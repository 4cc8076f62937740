using System.Text.Json;

namespace Skerry.Domain.Sites;

/// <summary>What a joiner posts to <see cref="Path"/>, and again to <see cref="SnapshotPath"/> when it takes the cloud's state. JSON.</summary>
/// <param name="Invitation">The invitation's id.</param>
/// <param name="Secret">Proves that the joiner holds the token.</param>
/// <param name="IsMember">The joiner is a member of the inviter's cloud already, and asks for a link alone.</param>
/// <param name="Site">The joiner's site id.</param>
/// <param name="Name">And what else every site should know of it.</param>
/// <param name="Seals">The joiner seals what it makes from its joining on.</param>
internal sealed record JoinRequest(
    string Invitation,
    string Secret,
    bool IsMember,
    string Site,
    string Name,
    string Region,
    string Role,
    string Certificate,
    string? Address,
    string? ApiUrl,
    string? TokenKey,
    string Version,
    bool Seals = false)
{
    public const string Path = "/join";

    /// <summary>Answers with the snapshot's chunks, each after its length in 4 bytes, little-endian; a length of 0 ends it.</summary>
    public const string SnapshotPath = "/join/snapshot";
}

/// <param name="Cloud">The cloud's id.</param>
/// <param name="Site">The inviter's site id.</param>
internal sealed record JoinReply(string Cloud, string Site);

/// <summary>A <see cref="Refusal"/> on its way to the joiner.</summary>
internal sealed record JoinRefusal(string Kind, string Message, string? NextStep, string? Field)
{
    public static byte[] Encode(Refusal refusal) => JsonSerializer.SerializeToUtf8Bytes(
        new JoinRefusal(refusal.Kind.ToString(), refusal.Message, refusal.NextStep, refusal.Field), SitesJson.Default.JoinRefusal);

    public static Refusal Decode(ReadOnlySpan<byte> body, int status, string address)
    {
        try
        {
            if (JsonSerializer.Deserialize(body, SitesJson.Default.JoinRefusal) is { Message: not null } told)
            {
                return new Refusal(
                    Enum.TryParse<RefusalKind>(told.Kind, out var kind) ? kind : RefusalKind.State, told.Message, told.NextStep, told.Field);
            }
        }
        catch (JsonException)
        {
            // Not an answer of a Skerry site; said below.
        }

        return new Refusal(
            RefusalKind.Unavailable, $"The site at {address} answered with HTTP status {status}.", "Check the address in the invitation.");
    }
}
