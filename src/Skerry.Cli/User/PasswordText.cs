namespace Skerry.Cli.User;

internal static class PasswordText
{
    /// <summary>A dash stands for one line of standard input, since arguments can be seen by other users of the machine.</summary>
    public static async Task<string?> ReadAsync(Invocation invocation, string? given, CancellationToken cancellationToken) =>
        given != "-" ? given
        : await invocation.Surroundings.In.ReadLineAsync(cancellationToken) is { Length: > 0 } line ? line
        : throw new UsageException("Standard input holds no password.");
}
