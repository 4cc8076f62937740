using System.Diagnostics;
using System.Reflection;
using Skerry.Domain;
using Skerry.Domain.Groups;
using Skerry.Domain.Recovery;
using Skerry.Movers.Native;

namespace Skerry.Host.Wiring;

/// <summary>
/// For proofs with real processes: the daemon kills itself, as kill -9 does, when it comes to a named moment of a protocol. Only the
/// setting <c>[test] kill_at</c> arms it, and the daemon says so when it starts.
/// </summary>
/// <param name="Moment">One of <see cref="Moments"/>.</param>
/// <param name="Times">Which time that it comes there; 1 or more.</param>
internal sealed record KillAt(string Moment, int Times)
{
    /// <summary>Every moment that a part names.</summary>
    public static IReadOnlyList<string> Moments { get; } =
    [
        .. new[] { typeof(MoverSteps), typeof(GroupSteps), typeof(GroupMoments), typeof(RecoveryMoments) }
            .SelectMany(t => t.GetFields(BindingFlags.Public | BindingFlags.Static)).Select(f => (string)f.GetRawConstantValue()!),
    ];

    public void Arm()
    {
        var left = Times;
        FailPoint.Listener = (moment, _) =>
        {
            if (moment == Moment && Interlocked.Decrement(ref left) == 0)
            {
                using var self = Process.GetCurrentProcess();
                self.Kill();
            }

            return ValueTask.CompletedTask;
        };
    }
}
