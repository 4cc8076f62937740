using System.Globalization;
using Skerry.Blocks.Integrity;
using Skerry.Domain;

namespace Skerry.Host.Loops;

/// <summary>Scrubs the store of one backend, and tells what it found: each bad range, and the sum of each pass.</summary>
internal sealed class ScrubReconciler(string backend, Scrub scrub) : IReconciler, IDisposable
{
    private const int MostTold = 100;

    public string Name => $"scrub of {backend}";

    public IReadOnlyCollection<string> Kinds { get; } = [];

    public async ValueTask<StepResult> StepAsync(CancellationToken cancellationToken)
    {
        var (again, finished) = await scrub.StepAsync(cancellationToken);
        var result = again is { } after ? StepResult.After(after) : StepResult.Done;
        return finished is null ? result : result.With([.. Tell(finished)]);
    }

    public void Dispose() => scrub.Dispose();

    private static IEnumerable<StepReport> Tell(VerifyReport pass)
    {
        foreach (var finding in pass.Findings.Take(MostTold))
        {
            yield return new StepReport($"{finding.Message}{(finding.IsHealed ? " (healed)" : "")}", IsProblem: true);
        }

        yield return new StepReport(
            string.Create(
                CultureInfo.InvariantCulture,
                $"A pass since {pass.StartedAt:u} verified {pass.VerifiedBytes} bytes; {pass.BadBytes} were bad, {pass.HealedBytes} of them are healed."),
            IsProblem: pass.BadBytes > pass.HealedBytes);
    }
}
