using Skerry.State.Clocks;

namespace Skerry.Domain.Identity;

/// <summary>How the holder proved who they are. The numbers are part of the token format.</summary>
[Flags]
public enum AuthMethods
{
    None = 0,
    Password = 1,
    Token = 2,
}

/// <summary>
/// What a token says by itself, and its signature vouches for. Whether it is valid now, and for which roles, is looked up in the
/// state of the site that is asked.
/// </summary>
/// <param name="Id">Random; revocations name it.</param>
/// <param name="ParentId">The token that it was made from; empty when a password was given.</param>
/// <param name="Issuer">The site whose key signed it.</param>
/// <param name="UserId">Who it speaks for.</param>
/// <param name="Scope">What it is valid for.</param>
/// <param name="Methods">How the holder proved who they are.</param>
/// <param name="IssuedAt">To the millisecond.</param>
/// <param name="ExpiresAt">A whole number of seconds after <paramref name="IssuedAt"/>.</param>
/// <param name="PasswordEpoch">Of the user's password when the token was made.</param>
public sealed record TokenClaims(
    Guid Id,
    Guid ParentId,
    SiteId Issuer,
    string UserId,
    TokenScope Scope,
    AuthMethods Methods,
    DateTimeOffset IssuedAt,
    DateTimeOffset ExpiresAt,
    long PasswordEpoch)
{
    /// <summary>As revocations name the token.</summary>
    public string IdText => Id.ToString("N");
}
