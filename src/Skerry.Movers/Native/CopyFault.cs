using Skerry.Blocks;
using Skerry.Domain.Volumes;

namespace Skerry.Movers.Native;

/// <summary>A fault of the disk below a copy, in the domain's words: what could not be done, why, and what helps.</summary>
internal static class CopyFault
{
    public static DriverException Of(BlockException fault, string volumeId, string wanted) => new(
        fault.Error == BlockError.NoSpace ? DriverError.NoSpace : DriverError.Failed,
        $"{Message(fault, volumeId, wanted)} {NextStep(fault)}",
        fault);

    public static Domain.Refusal Refusal(BlockException fault, string volumeId, string wanted) =>
        Domain.Refusal.State(Message(fault, volumeId, wanted), NextStep(fault));

    private static string Message(BlockException fault, string volumeId, string wanted) =>
        $"The copy of volume {volumeId} here cannot be {wanted}: {fault.Message}.";

    private static string NextStep(BlockException fault) =>
        fault.Error == BlockError.NoSpace ? "Make room on its backend's disk, and ask again." : "Look at its backend's disk, and ask again.";
}
