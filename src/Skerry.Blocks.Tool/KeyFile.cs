using System.CommandLine;
using System.Security.Cryptography;
using Skerry.Blocks.Encryption;

namespace Skerry.Blocks.Tool;

/// <summary>The option that names the private key for which volumes' keys are wrapped.</summary>
internal static class KeyFile
{
    public static Option<string> Option(string description) => new("--key-file") { Description = description, HelpName = "PEM" };

    /// <summary>Null when none is named.</summary>
    /// <exception cref="UsageException">It cannot be read, or is no such key.</exception>
    public static KeyHolder? Read(string? path)
    {
        try
        {
            return path is null ? null : KeyHolder.FromPem(File.ReadAllText(path));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"--key-file: {path} cannot be read: {e.Message.TrimEnd('.')}. Name the file that holds the key.");
        }
        catch (CryptographicException e)
        {
            throw new UsageException($"--key-file takes a private key on P-256 in PEM, and {path} is none: {e.Message.TrimEnd('.')}. Make one with: openssl ecparam -name prime256v1 -genkey -noout -out {path}");
        }
    }
}
