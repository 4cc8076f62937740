namespace Skerry.Benchmarks.Blocks;

/// <summary>One disk behind one NBD server; all servers keep theirs on the same file system.</summary>
internal interface IServedDisk : IAsyncDisposable
{
    string Name { get; }

    /// <summary>What clients open.</summary>
    string Uri { get; }

    /// <summary>Makes all that was written durable, so that the next one's run does not pay for this one's.</summary>
    Task SettleAsync(CancellationToken cancellationToken);
}
