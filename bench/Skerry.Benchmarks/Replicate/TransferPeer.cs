namespace Skerry.Benchmarks.Replicate;

/// <summary>What people use today to get a disk to another machine, and again when it has changed.</summary>
/// <param name="Name">As the report tells it.</param>
/// <param name="PrepareAsync">Makes it forget what it brought over; not measured. The disk's file is as it is to be copied.</param>
/// <param name="CopyAsync">Brings the disk over: all of it the first time, and what changed later.</param>
/// <param name="BeforeCopyAsync">What has to be done before a copy with the file as it is now, and is not measured.</param>
/// <param name="KnowsIncrements">False for those that would copy everything again.</param>
internal sealed record TransferPeer(
    string Name,
    Func<CancellationToken, Task> PrepareAsync,
    Func<CancellationToken, Task> CopyAsync,
    Func<CancellationToken, Task>? BeforeCopyAsync = null,
    bool KnowsIncrements = true);
