using System.Globalization;
using Skerry.Blocks.Log;

namespace Skerry.Blocks.Integrity;

/// <summary>What an offline check found.</summary>
/// <param name="Directory">The store's directory.</param>
/// <param name="StoreId">The store's identity, 16 hex digits; null when it could not be read.</param>
/// <param name="Segments">Files of the log.</param>
/// <param name="Records">Records whose header is whole.</param>
/// <param name="Volumes">Volumes that were checked.</param>
/// <param name="Snapshots">Snapshots that were checked.</param>
/// <param name="VerifiedBytes">Live bytes that were read and proved, each once.</param>
/// <param name="IsComplete">False when the volumes could not be told, so that their bytes were not read.</param>
/// <param name="Findings">In the order of discovery.</param>
/// <param name="FindingsLeftOut">How many more there were than are listed.</param>
public sealed record StoreCheckReport(
    string Directory, string? StoreId, int Segments, long Records, int Volumes, int Snapshots, long VerifiedBytes, bool IsComplete,
    IReadOnlyList<IntegrityFinding> Findings, long FindingsLeftOut)
{
    /// <summary>True when everything was read and nothing that anybody needs is bad.</summary>
    public bool IsClean => IsComplete && !Findings.Any(finding => finding.IsDamage);
}

/// <summary>
/// Checks a store that no process has open, and changes nothing in it: its identity, its checkpoint, every record header, and every live
/// block of every volume and snapshot.
/// </summary>
public static class StoreCheck
{
    /// <param name="directory">The store's directory.</param>
    /// <param name="progress">Told now and then; null for nobody.</param>
    /// <param name="cancellationToken">Ends the check between two reads.</param>
    /// <exception cref="BlockException">
    /// <see cref="BlockError.NotFound"/> when there is no store, <see cref="BlockError.Refused"/> when a process has it open or its format is
    /// newer. Damage is a finding, not an exception.
    /// </exception>
    public static Task<StoreCheckReport> RunAsync(string directory, IProgress<CheckProgress>? progress, CancellationToken cancellationToken) => Task.Run(
        () =>
        {
            using var storage = new ReadOnlyDirectory(directory);
            return Run(storage, progress, cancellationToken);
        },
        cancellationToken);

    internal static StoreCheckReport Run(IBackingStorage storage, IProgress<CheckProgress>? progress, CancellationToken cancellationToken)
    {
        var findings = new FindingList();
        StoreIdentity? identity = null;
        try
        {
            identity = StoreIdentity.Find(storage) ?? throw Missing(storage, findings);
        }
        catch (BlockException e) when (e.Error == BlockError.Corrupt)
        {
            findings.Add(FindingKind.Store, StoreIdentity.FileName, 0, e.Message);
        }

        if (identity is not { } known)
        {
            return new StoreCheckReport(storage.Name, null, 0, 0, 0, 0, 0, IsComplete: false, findings.All, 0);
        }

        var records = new RecordScan(storage, known, findings);
        var scanned = 0L;
        var total = storage.List().Count(name => Segment.IdOf(name) is not null) * (long)known.SegmentBytes;
        foreach (var bytes in records.Steps())
        {
            cancellationToken.ThrowIfCancellationRequested();
            scanned += bytes;
            progress?.Report(new CheckProgress("reading record headers", scanned, total, findings.Count));
        }

        var (volumes, snapshots, verified, complete) = (0, 0, 0L, false);
        if (OpenStore(storage, findings) is { } store)
        {
            var verification = new Verification(store.Parts.Reader, [.. store.State.ByOrdinal.Values.OrderBy(volume => volume.Ordinal)]);
            foreach (var chunk in verification.Steps())
            {
                cancellationToken.ThrowIfCancellationRequested();
                verified += chunk.Bytes;
                foreach (var bad in chunk.Bad)
                {
                    findings.Add(bad, isHealed: false);
                }

                progress?.Report(new CheckProgress("verifying live blocks", verified, Math.Max(verified, verification.AboutBytes), findings.Count));
            }

            volumes = store.State.ById.Count;
            snapshots = store.State.ById.Values.Sum(volume => volume.Snapshots.Length);
            complete = true;
            store.Abandon();
        }

        return new StoreCheckReport(
            storage.Name, known.StoreId.ToString("x16", CultureInfo.InvariantCulture), records.Segments, records.Records, volumes, snapshots, verified,
            complete, findings.All, findings.LeftOut);
    }

    /// <summary>Follows the log as any opening does. Null when that cannot be done; then the findings say why.</summary>
    private static BlockStore? OpenStore(IBackingStorage storage, FindingList findings)
    {
        try
        {
            return BlockStore.Open(new BlockStoreOptions { Directory = storage.Name }, storage, background: false);
        }
        catch (BlockException e) when (e.Error is not BlockError.Refused)
        {
            findings.Add(FindingKind.Log, e.Damage?.File, e.Damage?.FileOffsetBytes, e.Message);
            return null;
        }
    }

    private static BlockException Missing(IBackingStorage storage, FindingList findings)
    {
        if (!storage.List().Any(name => Segment.IdOf(name) is not null || name == Checkpoint.FileName))
        {
            return new BlockException(BlockError.NotFound, $"there is no block store in {storage.Name}");
        }

        var message = $"{storage.Name}/{StoreIdentity.FileName} is missing, though other files of a store are there. Restore that file from a copy, or the volumes from their replicas";
        findings.Add(FindingKind.Store, StoreIdentity.FileName, null, message);
        return new BlockException(BlockError.Corrupt, message);
    }
}
