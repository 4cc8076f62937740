using System.Security.Cryptography;

namespace Skerry.Domain;

/// <summary>Where identities and secrets come from, so that a test or the simulator can replay them from a seed.</summary>
public interface IIdSource
{
    Guid NewGuid();

    /// <summary>Fills the span with bytes that nobody can guess. A seeded source is for tests alone.</summary>
    void FillSecret(Span<byte> secret);
}

/// <summary>Identities and secrets of the operating system's cryptographic source.</summary>
public sealed class RandomIds : IIdSource
{
    public Guid NewGuid() => Guid.NewGuid();

    public void FillSecret(Span<byte> secret) => RandomNumberGenerator.Fill(secret);
}

/// <summary>Identities as OpenStack prints them.</summary>
public static class Ids
{
    /// <summary>A UUID with dashes: volumes, snapshots, operations, replications.</summary>
    public static string NewUuid(this IIdSource ids) => ids.NewGuid().ToString("D");

    /// <summary>32 hexadecimal digits: users, projects, roles.</summary>
    public static string NewCompact(this IIdSource ids) => ids.NewGuid().ToString("N");

    /// <summary>A UUID that every site derives alike from a name, for things that each site makes by itself and that must be one.</summary>
    public static string Derived(string space, string name)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(space + "\n" + name), hash);

        // Version 8 of RFC 9562: a UUID whose bits are the maker's own.
        hash[6] = (byte)((hash[6] & 0x0F) | 0x80);
        hash[8] = (byte)((hash[8] & 0x3F) | 0x80);
        return new Guid(hash[..16], bigEndian: true).ToString("D");
    }
}
