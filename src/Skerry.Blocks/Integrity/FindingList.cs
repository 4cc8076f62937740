namespace Skerry.Blocks.Integrity;

/// <summary>Findings in order, with blocks that adjoin in the disk and in the file made one range.</summary>
internal sealed class FindingList
{
    /// <summary>A disk that is bad throughout has said enough by then; how many more there are is still counted.</summary>
    private const int Most = 10_000;
    private readonly List<IntegrityFinding> _findings = [];

    public int Count => _findings.Count;

    /// <summary>How many more were found than are listed.</summary>
    public long LeftOut { get; private set; }

    public IReadOnlyList<IntegrityFinding> All => [.. _findings];

    public void Add(IntegrityFinding finding)
    {
        if (_findings.Count < Most)
        {
            _findings.Add(finding);
        }
        else
        {
            LeftOut++;
        }
    }

    public void Add(FindingKind kind, string? file, long? fileOffsetBytes, string message) =>
        Add(new IntegrityFinding(kind, null, null, null, null, file, fileOffsetBytes, IsHealed: false, message));

    public void Add(BadBlock bad, bool isHealed)
    {
        var damage = bad.Damage;
        var finding = new IntegrityFinding(
            FindingKind.Data, bad.Volume.Id, bad.Snapshot?.Info.Id, damage.OffsetBytes, damage.LengthBytes, damage.File,
            damage.File is null ? null : damage.FileOffsetBytes, isHealed, bad.Fault.Message);
        if (_findings is [.., { Kind: FindingKind.Data } last] && Adjoin(last, finding))
        {
            finding = last with { LengthBytes = last.LengthBytes + finding.LengthBytes };
            _findings[^1] = finding with { Message = Describe(finding) };
        }
        else
        {
            Add(finding);
        }
    }

    private static bool Adjoin(IntegrityFinding a, IntegrityFinding b) =>
        a.VolumeId == b.VolumeId && a.SnapshotId == b.SnapshotId && a.IsHealed == b.IsHealed && a.File == b.File
        && a.OffsetBytes + a.LengthBytes == b.OffsetBytes && (a.File is null || a.FileOffsetBytes + a.LengthBytes == b.FileOffsetBytes);

    private static string Describe(IntegrityFinding range)
    {
        var disk = range.SnapshotId is null ? $"volume '{range.VolumeId}'" : $"snapshot '{range.SnapshotId}' of volume '{range.VolumeId}'";
        var place = range.File is null ? "" : $" ({range.File}, byte {range.FileOffsetBytes} on)";
        var what = range.IsHealed ? "were bad and are healed" : "cannot be read as they were written; write them anew, or heal them from a replica";
        return $"{disk}: bytes {range.OffsetBytes} to {range.OffsetBytes + range.LengthBytes}{place} {what}";
    }
}
