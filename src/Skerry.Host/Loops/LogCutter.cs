using Skerry.Domain;
using Skerry.State;

namespace Skerry.Host.Loops;

/// <summary>Keeps the log of the state within its bounds of size and age. A peer that is behind the cut takes a snapshot.</summary>
internal sealed class LogCutter(Replica replica) : IReconciler
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromMinutes(1);

    public string Name => "log";

    public IReadOnlyCollection<string> Kinds { get; } = [];

    public async ValueTask<StepResult> StepAsync(CancellationToken cancellationToken)
    {
        var cut = await replica.CutLogAsync(cancellationToken);
        return cut ? StepResult.After(LookEvery).With(new StepReport("The log was cut to its bounds.")) : StepResult.After(LookEvery);
    }
}
