namespace Skerry.Domain;

/// <summary>
/// Brings one concern of the outside world in line with the state, a step at a time. The host owns the loop, so that the simulator
/// can drive the same code on its own clock.
/// </summary>
/// <remarks>
/// A step derives what to do from stored state alone, so that a restart simply goes on. It never waits for another site. Steps of
/// one reconciler never overlap. A step that throws is reported and tried again with growing pauses; it must leave nothing half done.
/// </remarks>
public interface IReconciler
{
    /// <summary>Names the reconciler in logs, metrics and as the author of what it writes.</summary>
    string Name { get; }

    /// <summary>The kinds of entity whose change calls for a step.</summary>
    IReadOnlyCollection<string> Kinds { get; }

    ValueTask<StepResult> StepAsync(CancellationToken cancellationToken);
}

/// <summary>What a step came to.</summary>
/// <param name="Again">When to step again though nothing changed; null to wait for a change.</param>
/// <param name="Reports">What an operator should read in the log, in order; usually empty.</param>
public readonly record struct StepResult(TimeSpan? Again, IReadOnlyList<StepReport> Reports)
{
    /// <summary>Nothing more to do until something changes.</summary>
    public static StepResult Done { get; } = new(null, []);

    public static StepResult After(TimeSpan delay) => new(delay, []);

    public StepResult With(params IReadOnlyList<StepReport> reports) => this with { Reports = reports };
}

/// <summary>One line for the log. <paramref name="IsProblem"/> makes it a warning.</summary>
public readonly record struct StepReport(string Message, bool IsProblem = false);
