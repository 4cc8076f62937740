using System.Diagnostics;
using Skerry.TestKit.Processes;

namespace Skerry.Blocks.Tests.Nbd;

/// <summary>Real programs that speak NBD; a test that needs one that is missing says so and fails.</summary>
internal static class ClientProgram
{
    public static async Task<string> Run(string program, params string[] arguments)
    {
        (int exitCode, string output, string errors) = await Try(program, arguments);
        Assert.True(exitCode == 0, $"{program} {string.Join(' ', arguments)} ended with {exitCode}:\n{output}\n{errors}");
        return output;
    }

    public static async Task<(int ExitCode, string Output, string Errors)> Try(string program, params string[] arguments)
    {
        using Process process = Start(program, arguments);
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        Task<string> errors = process.StandardError.ReadToEndAsync();
        await End(process, TimeSpan.FromSeconds(60));
        return (process.ExitCode, await output, await errors);
    }

    public static Process Start(string program, params string[] arguments)
    {
        Require(program);
        ProcessStartInfo info = new(program, arguments) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true };
        info.Environment["PATH"] = $"{Environment.GetEnvironmentVariable("PATH")}:/usr/sbin:/sbin";
        return Process.Start(info)!;
    }

    public static void Require(string program)
    {
        Assert.True(ProgramRun.Exists(program), $"{program} is not installed on this machine: run make setup");
    }

    public static async Task End(Process process, TimeSpan limit)
    {
        using CancellationTokenSource late = new(limit);
        try
        {
            await process.WaitForExitAsync(late.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            Assert.Fail($"{process.StartInfo.FileName} did not end within {limit.TotalSeconds} seconds");
        }
    }
}
