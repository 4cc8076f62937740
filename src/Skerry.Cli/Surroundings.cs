using Skerry.Cli.Settings;

namespace Skerry.Cli;

/// <summary>All that the command line takes from the process that it runs in, so that a test can be that process.</summary>
/// <param name="Out">Data, and nothing else.</param>
/// <param name="Error">Talk and progress.</param>
/// <param name="In">Answers to questions; asked only when <paramref name="CanAsk"/>.</param>
/// <param name="CanAsk">A person sits at both standard input and standard error.</param>
/// <param name="IsOutTerminal">Whether tables may use the terminal's width and colours.</param>
/// <param name="IsErrorTerminal">Whether a progress line may overwrite itself.</param>
/// <param name="Variable">An environment variable, or null; an empty one counts as absent.</param>
/// <param name="Handler">Makes the handler that carries requests, trusting what the settings say.</param>
internal sealed record Surroundings(
    TextWriter Out,
    TextWriter Error,
    TextReader In,
    bool CanAsk,
    bool IsOutTerminal,
    bool IsErrorTerminal,
    Func<string, string?> Variable,
    string WorkingDirectory,
    TimeProvider Time,
    Func<Trust, HttpMessageHandler> Handler)
{
    public static Surroundings OfProcess() => new(
        Console.Out,
        Console.Error,
        Console.In,
        CanAsk: !Console.IsInputRedirected && !Console.IsErrorRedirected,
        IsOutTerminal: !Console.IsOutputRedirected,
        IsErrorTerminal: !Console.IsErrorRedirected,
        name => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null,
        Environment.CurrentDirectory,
        TimeProvider.System,
        trust => trust.CreateHandler());
}
