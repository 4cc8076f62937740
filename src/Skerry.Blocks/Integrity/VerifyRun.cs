using Skerry.Blocks.Maps;

namespace Skerry.Blocks.Integrity;

/// <summary>One verification under way: each step reads a little, heals what is bad where it can, and notes what it found.</summary>
internal sealed class VerifyRun : IDisposable
{
    private readonly Verification _verification;
    private readonly IEnumerator<VerifiedChunk> _steps;
    private readonly Healing _healing;
    private readonly TimeProvider _time;
    private readonly DateTimeOffset _startedAt;
    private readonly FindingList _findings = new();
    private long _verifiedBytes, _badBytes, _healedBytes;

    public VerifyRun(StoreParts parts, IReadOnlyList<VolumeState> volumes)
    {
        (_healing, _time, _startedAt) = (parts.Healing, parts.Time, parts.Time.GetUtcNow());
        _verification = new Verification(parts.Reader, volumes);
        _steps = _verification.Steps().GetEnumerator();
    }

    public CheckProgress Progress =>
        new("verifying live blocks", _verifiedBytes, Math.Max(_verifiedBytes, _verification.AboutBytes), _findings.Count);

    public VerifyReport Report =>
        new(_startedAt, _time.GetUtcNow(), _verifiedBytes, _badBytes, _healedBytes, _findings.All, _findings.LeftOut);

    /// <returns>Bytes read, at most 512 KiB; null when there is nothing left.</returns>
    public async ValueTask<int?> StepAsync(CancellationToken cancellationToken)
    {
        if (!_steps.MoveNext())
        {
            return null;
        }

        var chunk = _steps.Current;
        _verifiedBytes += chunk.Bytes;
        IntegrityMetrics.Verified.Add(chunk.Bytes);
        foreach (var bad in chunk.Bad)
        {
            var healed = await _healing.HealAsync(bad.Volume, bad.Snapshot, [bad.Damage.OffsetBytes / Sizes.Block], cancellationToken) > 0;
            _badBytes += bad.Damage.LengthBytes;
            _healedBytes += healed ? bad.Damage.LengthBytes : 0;
            IntegrityMetrics.Damaged.Add(1);
            _findings.Add(bad, healed);
        }

        return chunk.Bytes;
    }

    public void Dispose() => _steps.Dispose();
}
