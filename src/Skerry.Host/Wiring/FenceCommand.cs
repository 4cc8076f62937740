using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using Skerry.Domain;
using Skerry.Domain.Recovery;

namespace Skerry.Host.Wiring;

/// <summary>
/// Runs the operator's program that fences an old primary. Only that it ends with 0 in time is a yes; all else, a program that cannot be
/// started included, refuses the failover with what it said.
/// </summary>
internal sealed class FenceCommand(IReadOnlyList<string> words, TimeSpan limit, ILogger logger) : IExternalFence
{
    private const int MostOutput = 2000;

    public async ValueTask<Refusal?> FenceAsync(FenceRequest request, CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo(words[0], words.Skip(1)) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true };
        start.Environment["SKERRY_VOLUME"] = request.VolumeId;
        start.Environment["SKERRY_VOLUME_NAME"] = request.VolumeName;
        start.Environment["SKERRY_OLD_SITE"] = request.OldSite;
        start.Environment["SKERRY_OLD_SITE_ID"] = request.OldSiteId;
        start.Environment["SKERRY_GENERATION"] = request.Generation.ToString(CultureInfo.InvariantCulture);
        start.Environment["SKERRY_OPERATION"] = request.OperationId;
        using var patience = new CancellationTokenSource(limit);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, patience.Token);
        var output = new StringBuilder();
        try
        {
            using var process = Process.Start(start)!;
            try
            {
                process.StandardInput.Close();
                process.OutputDataReceived += (_, line) => Append(output, line.Data);
                process.ErrorDataReceived += (_, line) => Append(output, line.Data);
                process.BeginOutputReadLine();
                process.BeginErrorReadLine();
                await process.WaitForExitAsync(either.Token);
            }
            catch (OperationCanceledException)
            {
                process.Kill(entireProcessTree: true);
                cancellationToken.ThrowIfCancellationRequested();
                return Refused(request, $"did not end within {limit.TotalSeconds:0.#} s and was stopped", output);
            }

            if (process.ExitCode != 0)
            {
                return Refused(request, $"ended with {process.ExitCode}", output);
            }
        }
        catch (Win32Exception e)
        {
            return Refused(request, $"could not be started: {e.Message}", output);
        }

        Log.Fenced(logger, words[0], request.OldSite, request.VolumeId, request.OperationId);
        return null;
    }

    private static void Append(StringBuilder output, string? line)
    {
        lock (output)
        {
            if (line is not null && output.Length < MostOutput)
            {
                output.AppendLine(line.Length > MostOutput ? line[..MostOutput] : line);
            }
        }
    }

    private Refusal Refused(FenceRequest request, string what, StringBuilder output)
    {
        string said;
        lock (output)
        {
            said = output.ToString().Trim().ReplaceLineEndings("; ");
        }

        Log.NotFenced(logger, words[0], request.OldSite, request.VolumeId, what, said);
        return Refusal.State(
            $"Site {request.OldSite}, the primary of volume {request.VolumeId}, was not fenced: {words[0]} {what}{(said.Length == 0 ? "." : $": {said.TrimEnd('.')}.")}",
            "See to it that the old site cannot write, and ask again; or ask with --no-fence when you know that it cannot.");
    }
}
