using System.CommandLine;
using System.Diagnostics;
using Skerry.Blocks.Integrity;

namespace Skerry.Blocks.Tool;

internal sealed class CheckCommand : ToolCommand
{
    private readonly Option<string> _format = Format();
    private readonly Option<bool> _quiet = new("--quiet", "-q") { Description = "Do not tell the progress." };

    public CheckCommand()
        : base(
            "check",
            "Read a store that is not in use from end to end, and change nothing: its identity, its maps, every record's header, every live block. "
            + "Exit code 0 when all is sound, 1 when something is bad.",
            "skerry-blocks check ./store",
            "skerry-blocks check ./store -f json > report.json")
    {
        Options.Add(_format);
        Options.Add(_quiet);
    }

    protected override async Task<int> RunAsync(ParseResult parsed, string directory, CancellationToken cancellationToken)
    {
        var report = await StoreCheck.RunAsync(directory, parsed.GetValue(_quiet) ? null : new ProgressLines(), cancellationToken);
        if (parsed.GetValue(_format) == "json")
        {
            Console.WriteLine(ToolJson.Write(report, json => json.StoreCheckReport));
        }
        else
        {
            Print(report);
        }

        return report.IsClean ? ExitCodes.Done : ExitCodes.Failed;
    }

    private static void Print(StoreCheckReport report)
    {
        foreach (var finding in report.Findings)
        {
            Console.WriteLine($"{(finding.IsDamage ? "BAD " : "note")} {finding.Message}");
        }

        if (report.FindingsLeftOut > 0)
        {
            Console.WriteLine($"... and {report.FindingsLeftOut} more");
        }

        var bad = report.Findings.Count(finding => finding.IsDamage) + report.FindingsLeftOut;
        Console.WriteLine(
            $"{report.Directory}: {report.Segments} segments, {report.Records} records, {report.Volumes} volumes, {report.Snapshots} snapshots, "
            + $"{ByteSize.Text(report.VerifiedBytes)} verified: {(report.IsClean ? "clean" : $"{bad} bad{(report.IsComplete ? "" : "; the volumes' blocks were not read")}")}");
    }

    /// <summary>On standard error, where it does not get into the data; a line each few seconds, and when the step changes.</summary>
    private sealed class ProgressLines : IProgress<CheckProgress>
    {
        private static readonly TimeSpan Interval = TimeSpan.FromSeconds(3);
        private string? _step;
        private long _last;

        public void Report(CheckProgress value)
        {
            if (value.Step != _step || Stopwatch.GetElapsedTime(_last) >= Interval)
            {
                (_step, _last) = (value.Step, Stopwatch.GetTimestamp());
                Console.Error.WriteLine($"{value.Step}: {ByteSize.Text(value.DoneBytes)} of about {ByteSize.Text(value.TotalBytes)}, {value.Findings} findings");
            }
        }
    }
}
