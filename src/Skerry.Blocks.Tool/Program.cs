using System.CommandLine;
using Skerry.Blocks;
using Skerry.Blocks.Tool;

var parsed = ToolCommands.Build().Parse(args);
if (parsed.Errors.Count > 0)
{
    foreach (var message in ToolCommands.Mistakes(parsed))
    {
        await Console.Error.WriteLineAsync(message);
    }

    return ExitCodes.Usage;
}

// Verbs end by themselves when they are told to; a verb that serves must be left the time to close its store.
using var stop = new Interruption();
try
{
    return await parsed.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null }, stop.Token);
}
catch (OperationCanceledException) when (stop.Token.IsCancellationRequested)
{
    await Console.Error.WriteLineAsync("Interrupted.");
    return ExitCodes.Failed;
}
catch (UsageException e)
{
    await Console.Error.WriteLineAsync(e.Message);
    return ExitCodes.Usage;
}
catch (BlockException e)
{
    await Console.Error.WriteLineAsync(e.Message);
    return ExitCodes.Of(e.Error);
}
catch (Exception e) when (e is IOException or UnauthorizedAccessException or System.Net.Sockets.SocketException)
{
    await Console.Error.WriteLineAsync(e.Message);
    return ExitCodes.Failed;
}
