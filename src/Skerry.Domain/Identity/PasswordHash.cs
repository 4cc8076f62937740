using System.Security.Cryptography;
using System.Text;

namespace Skerry.Domain.Identity;

/// <summary>
/// What is stored of a password: PBKDF2 over HMAC-SHA-512. It is one field of the user, so that salt, hash and epoch always agree,
/// even when two sites change the password at the same time.
/// </summary>
/// <param name="Iterations">As it was when hashed; raising <see cref="CurrentIterations"/> leaves old hashes usable.</param>
/// <param name="Salt">16 random bytes.</param>
/// <param name="Hash">64 bytes.</param>
/// <param name="Epoch">Random; tokens carry it, so changing the password ends the tokens that were made under the old one.</param>
internal sealed record PasswordHash(int Iterations, byte[] Salt, byte[] Hash, long Epoch)
{
    /// <summary>OWASP's figure for PBKDF2-HMAC-SHA-512.</summary>
    public const int CurrentIterations = 210_000;

    private const int SaltBytes = 16;
    private const int HashBytes = 64;

    /// <summary>Stands in for a user that does not exist, so that the time of an answer does not tell which names do.</summary>
    public static PasswordHash Nobody { get; } = new(CurrentIterations, new byte[SaltBytes], new byte[HashBytes], 0);

    public static PasswordHash Of(string password, int iterations = CurrentIterations)
    {
        var salt = RandomNumberGenerator.GetBytes(SaltBytes);
        var epoch = BitConverter.ToInt64(RandomNumberGenerator.GetBytes(sizeof(long)));
        return new PasswordHash(iterations, salt, Derive(password, salt, iterations), epoch);
    }

    /// <summary>Slow on purpose: about a tenth of a second of one core.</summary>
    public bool Matches(string password) => CryptographicOperations.FixedTimeEquals(Derive(password, Salt, Iterations), Hash);

    private static byte[] Derive(string password, byte[] salt, int iterations) =>
        Rfc2898DeriveBytes.Pbkdf2(Encoding.UTF8.GetBytes(password), salt, iterations, HashAlgorithmName.SHA512, HashBytes);
}
