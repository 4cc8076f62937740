namespace Skerry.Blocks.Tests.Soak;

/// <summary>What was done so far; raised from many threads.</summary>
internal sealed class SoakCounts
{
    private long _writtenBytes, _verifiedBytes, _snapshots, _clones, _copies;

    public long WrittenBytes => Interlocked.Read(ref _writtenBytes);

    public void Wrote(long bytes) => Interlocked.Add(ref _writtenBytes, bytes);

    public void Verified(long bytes) => Interlocked.Add(ref _verifiedBytes, bytes);

    public void Snapshot() => Interlocked.Increment(ref _snapshots);

    public void Clone() => Interlocked.Increment(ref _clones);

    public void Copy() => Interlocked.Increment(ref _copies);

    public override string ToString() =>
        $"{_writtenBytes >> 20} MiB written, {_verifiedBytes >> 20} MiB verified, {_snapshots} snapshots, {_clones} clones, {_copies} snapshots copied out with nbdcopy";
}
