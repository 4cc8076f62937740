using Skerry.Domain;

namespace Skerry.Movers.Native;

/// <summary>The moments of a cut's way to the replicas, as <see cref="FailPoint"/> names them. What is named was just done.</summary>
public static class GroupSteps
{
    public const string MarkSent = "source.group-mark-sent";
    public const string MarkKept = "replica.group-mark-kept";
    public const string MarkTold = "replica.group-mark-told";
    public const string Returned = "replica.group-returned";
    public const string PointSaved = "replica.group-point-saved";
}
