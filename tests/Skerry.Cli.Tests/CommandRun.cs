using Skerry.Cli.Settings;

namespace Skerry.Cli.Tests;

/// <summary>One run of the whole command line in this process.</summary>
internal sealed record CommandRun(int ExitCode, string Out, string Error)
{
    public string[] Lines => Out.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    public static Task<CommandRun> Of(FakeSite site, params string[] args) => new Terminal { Site = site }.RunAsync(args);
}

/// <summary>What a run finds around it.</summary>
internal sealed class Terminal
{
    public FakeSite Site { get; init; } = new();

    public Dictionary<string, string?> Variables { get; init; } = new(StringComparer.Ordinal)
    {
        ["OS_AUTH_URL"] = FakeSite.Url,
        ["OS_USERNAME"] = "admin",
        ["OS_PASSWORD"] = "secret",
        ["OS_PROJECT_NAME"] = "admin",
    };

    public string WorkingDirectory { get; init; } = "/nowhere";

    /// <summary>What the person types; null when nobody is there.</summary>
    public string? Typed { get; init; }

    public string Input { get; init; } = "";

    public StringWriter Out { get; } = new();

    public StringWriter Error { get; } = new();

    public Trust? Trusted { get; private set; }

    public async Task<CommandRun> RunAsync(params string[] args)
    {
        var surroundings = new Surroundings(
            Out,
            Error,
            new StringReader(Typed ?? Input),
            CanAsk: Typed is not null,
            IsOutTerminal: false,
            IsErrorTerminal: false,
            name => Variables.GetValueOrDefault(name),
            WorkingDirectory,
            TimeProvider.System,
            trust =>
            {
                Trusted = trust;
                return Site;
            });
        var exitCode = await CommandLine.RunAsync(args, surroundings);
        return new CommandRun(exitCode, Out.ToString(), Error.ToString());
    }
}
