using System.CommandLine;
using System.Text.RegularExpressions;
using Skerry.Client.Native;

namespace Skerry.Cli;

/// <summary>Runs one command line, and turns every way that it can end into an exit code and a message.</summary>
internal static partial class CommandLine
{
    public static async Task<int> RunAsync(IReadOnlyList<string> args, Surroundings surroundings)
    {
        var root = CommandTree.Build();
        var result = root.Parse(args);
        if (result.Errors.Count > 0)
        {
            foreach (var message in result.Errors.Select(error => error.Message).Distinct(StringComparer.Ordinal))
            {
                // The parser names the type that it wanted in the words of the language; all typed options are whole numbers.
                await surroundings.Error.WriteLineAsync(TypeName().Replace(message, "as a whole number."));
            }

            await surroundings.Error.WriteLineAsync($"Help: {CommandTree.PathOf(result.CommandResult.Command)} --help");
            return ExitCodes.Usage;
        }

        var configuration = new SkerryInvocationConfiguration(surroundings)
        {
            Output = surroundings.Out,
            Error = surroundings.Error,
            EnableDefaultExceptionHandler = false,
            ProcessTerminationTimeout = TimeSpan.FromSeconds(2),
        };
        try
        {
            return await result.InvokeAsync(configuration);
        }
        catch (OperationCanceledException)
        {
            await surroundings.Error.WriteLineAsync("Interrupted. What was asked for before may still be carried out.");
            return ExitCodes.Failed;
        }
        catch (Exception e) when (IsExpected(e))
        {
            await surroundings.Error.WriteLineAsync(Message(e));
            return ExitCodes.Of(e);
        }
    }

    [GeneratedRegex(@"as expected type '[^']*'\.?")]
    private static partial Regex TypeName();

    /// <summary>Anything else is a fault of this program, and its stack trace is wanted.</summary>
    private static bool IsExpected(Exception e) =>
        e is UsageException or NotFoundException or DidNotSucceedException or OutOfTimeException
            or RefusedException or UnreachableException or UnexpectedReplyException or LoginException;

    private static string Message(Exception e)
    {
        var nextStep = e switch
        {
            UsageException usage => usage.NextStep,
            NotFoundException missing => missing.NextStep,
            DidNotSucceedException failed => failed.NextStep,
            OutOfTimeException late => late.NextStep,
            RefusedException refused => refused.Error.NextStep ?? NextStepOf(refused),
            UnreachableException unreachable => unreachable.NextStep,
            _ => null,
        };
        return nextStep is null ? e.Message : $"{e.Message}{Environment.NewLine}{nextStep}";
    }

    private static string? NextStepOf(RefusedException refused) =>
        refused.Error.Code == 401 ? "Check the user, its password and the project (OS_USERNAME, OS_PASSWORD, OS_PROJECT_NAME or clouds.yaml)." : null;
}

/// <summary>Carries the surroundings to the command that runs, so that the command tree itself holds no state.</summary>
internal sealed class SkerryInvocationConfiguration(Surroundings surroundings) : InvocationConfiguration
{
    public Surroundings Surroundings { get; } = surroundings;
}
