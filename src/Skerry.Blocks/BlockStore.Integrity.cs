using Skerry.Blocks.Encryption;
using Skerry.Blocks.Integrity;
using Skerry.Blocks.Log;
using Skerry.Blocks.Maps;

namespace Skerry.Blocks;

/// <content>Reading a store as it is, and proving what it holds.</content>
public sealed partial class BlockStore
{
    internal StoreState State => _state;

    internal StoreParts Parts => _parts;

    /// <summary>True when the directory holds a store, sound or not.</summary>
    public static bool Exists(string directory) => File.Exists(Path.Combine(directory, StoreIdentity.FileName));

    /// <summary>
    /// Opens a store that no process has open for writing, as it is found, and leaves its files as they are: what is written to its volumes
    /// stays in memory and is dropped. Several may read at once; none can open it for writing meanwhile.
    /// </summary>
    /// <exception cref="BlockException">
    /// <see cref="BlockError.NotFound"/> when there is no store, <see cref="BlockError.Refused"/> when it is in use or of a newer format,
    /// <see cref="BlockError.Corrupt"/> when a file is damaged.
    /// </exception>
    public static ValueTask<BlockStore> OpenForReadingAsync(string directory, CancellationToken cancellationToken) =>
        OpenForReadingAsync(directory, null, cancellationToken);

    /// <summary>The same with the key for which the keys of its encrypted volumes are wrapped.</summary>
    public static async ValueTask<BlockStore> OpenForReadingAsync(string directory, KeyHolder? keyHolder, CancellationToken cancellationToken)
    {
        if (!Exists(directory))
        {
            throw new BlockException(BlockError.NotFound, $"there is no block store in {Path.GetFullPath(directory)}");
        }

        return await Task.Run(
            () =>
            {
                var store = Open(new BlockStoreOptions { Directory = directory, KeyHolder = keyHolder }, new ReadOnlyDirectory(directory), background: false);
                store._dropsAtClose = true;
                return store;
            },
            cancellationToken);
    }

    /// <summary>Whom the store asks for blocks that went bad; null while there is nobody. Set once the other copies can be reached.</summary>
    public IBlockHealer? Healer
    {
        get => _parts.Healing.Healer;
        set => _parts.Healing.Healer = value;
    }

    /// <summary>
    /// Reads and proves every live block of a volume and of its snapshots, beside I/O, and heals what is bad where a copy has it. Clones
    /// count as volumes of their own.
    /// </summary>
    /// <exception cref="BlockException"><see cref="BlockError.NotFound"/>. Damage is a finding, not an exception.</exception>
    public Task<VerifyReport> VerifyAsync(string volumeId, IProgress<CheckProgress>? progress, CancellationToken cancellationToken)
    {
        RequireOpen();
        var volume = _state.Get(volumeId);
        return Task.Run(
            async () =>
            {
                using var run = new VerifyRun(_parts, [volume]);
                while (await run.StepAsync(cancellationToken) is not null)
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    RequireOpen();
                    progress?.Report(run.Progress);
                }

                return run.Report;
            },
            cancellationToken);
    }

    /// <summary>Of all volumes that there are now.</summary>
    internal VerifyRun NewVerification() => new(_parts, [.. _state.ByOrdinal.Values.OrderBy(volume => volume.Ordinal)]);

    /// <summary>Closes the files and saves nothing.</summary>
    internal void Abandon()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
        {
            CloseFiles();
        }
    }
}
