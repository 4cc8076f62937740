namespace Skerry.Blocks.Nbd;

/// <summary>The lease of one connection on one device. It ends, with <see cref="Release"/>, when the connection has ended.</summary>
public sealed class NbdExport : IAsyncDisposable
{
    private int _released;

    /// <summary>What is served. The server never disposes it; <see cref="Release"/> may.</summary>
    public required IBlockDevice Device { get; init; }

    /// <summary>Names the export in <see cref="NbdConnectionInfo"/> and in fault reports, where the secret name must not stand.</summary>
    public required string Label { get; init; }

    /// <summary>For people to read; sent to clients that ask for it.</summary>
    public string? Description { get; init; }

    /// <summary>What qemu:dirty-bitmap contexts there are; null for none.</summary>
    public IDirtyBitmaps? DirtyBitmaps { get; init; }

    /// <summary>Shared by all exports of the volume; null for no limits.</summary>
    public NbdLimiter? Limiter { get; init; }

    /// <summary>Refuses writes even where the device would take them.</summary>
    public bool ReadOnly { get; init; }

    /// <summary>
    /// When it fires, the connection takes no further request, what is in flight is cancelled, and the socket is closed within a
    /// second. A write that reached the device before may still land; who fences a volume closes its device too.
    /// </summary>
    public CancellationToken Revoked { get; init; }

    /// <summary>Runs once, when nothing of the connection is in flight any more.</summary>
    public Func<ValueTask>? Release { get; init; }

    internal bool RefusesWrites => ReadOnly || Device.IsReadOnly;

    public ValueTask DisposeAsync() =>
        Interlocked.Exchange(ref _released, 1) == 0 && Release is { } release ? release() : ValueTask.CompletedTask;
}
