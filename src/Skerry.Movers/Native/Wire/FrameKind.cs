namespace Skerry.Movers.Native.Wire;

/// <summary>The frames of the native mover's link; docs/formats/mover.md is their specification.</summary>
internal enum FrameKind : byte
{
    // From the source.
    Hello = 1,
    BeginCatchUp = 2,
    Blocks = 3,
    Hole = 4,
    Digests = 5,
    Passed = 6,
    EndCatchUp = 7,
    Extend = 8,
    Writes = 9,
    Mark = 10,
    Heartbeat = 11,
    Ask = 12,

    MakeSnapshot = 60,

    // From either, on a link of its own.
    Fetch = 13,

    // From the replica.
    State = 33,
    Ready = 34,
    Changed = 35,
    Differs = 36,
    Ack = 37,
    Refused = 38,
    Found = 39,

    // From the source, to a replica that named the feature.
    Packed = 40,
    Extents = 41,

    // Acknowledgements and the lease: from the source, but for those that answer.
    FlushAsk = 50,
    LeaseAsk = 51,
    LeaseGrant = 52,
    LeaseRelease = 53,
    LeaseReleased = 54,

    // A group's cuts: from the source, and the answer.
    GroupMark = 55,
    GroupMarkKept = 56,
}
