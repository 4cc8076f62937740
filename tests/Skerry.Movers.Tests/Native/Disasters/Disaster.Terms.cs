using Skerry.Blocks;
using Skerry.Domain.Replication;

namespace Skerry.Movers.Tests.Native.Disasters;

/// <content>What each relation wants: its mode, what flushes wait for, and whether the primary stops when it is cut off.</content>
internal sealed partial class Disaster
{
    /// <summary>How long a writer waits for a gate that may never open.</summary>
    private static readonly TimeSpan WriterPatience = TimeSpan.FromMilliseconds(40);

    private readonly Dictionary<TestSite, AckTerms> _terms = [];
    private readonly Dictionary<TestSite, Run> _runs = [];

    /// <summary>Writes that each replica called durable, or that a flush was acknowledged for; newest last.</summary>
    private readonly Dictionary<TestSite, List<(ulong Run, long Number, string By)>> _durableAt = [];

    private IEnumerable<TestSite> Others(TestSite site) =>
        ((TestSite?[])[_primary, _replica, _bystander]).OfType<TestSite>().Where(s => s != site);

    private MoverTask TaskTo(TestSite target) => TaskTo(_primary, target);

    private MoverTask TaskTo(TestSite source, TestSite target)
    {
        var task = source.TaskTo(target);
        task = task with
        {
            Acks = _terms.GetValueOrDefault(target, AckTerms.None) with { IsLocalOnlyNoted = _cloud.Ledger.Of(task.ReplicationId) is not null },
        };
        return _runs.GetValueOrDefault(target) is { } run
            ? task with { Run = run.At, RunSnapshotId = run.SnapshotId, CutId = run.CutId, Acks = AckTerms.None }
            : task;
    }

    private void ChangeTerms(TestSite target)
    {
        var lease = TimeSpan.FromMilliseconds(100 + _chance.Below(300));
        _terms[target] = _chance.Below(6) switch
        {
            < 2 => new AckTerms(true, false, lease, false, false),
            2 => new AckTerms(true, true, lease, false, false),
            3 => new AckTerms(false, true, lease, false, false),
            _ => AckTerms.None,
        };
    }

    /// <summary>From instant to a single run, with or without a snapshot to keep; a run that is under way gives way to another, or to instant.</summary>
    private async Task ChangeModeAsync()
    {
        if (_runs.ContainsKey(_replica) && _chance.OneIn(2))
        {
            _runs.Remove(_replica);
            return;
        }

        var snapshotId = _chance.OneIn(2) ? NewId() : null;
        _runs[_replica] = new Run(_primary.Time.GetUtcNow(), snapshotId, null, (await _primary.OpenAsync()).Lineage);
        Tally.Runs++;
    }

    private void Synchronize()
    {
        foreach (var target in Others(_primary))
        {
            var report = _primary.Mover.Synchronize(TaskTo(target));
            if (report is { State: ReplicationWords.Secondary, IsConnected: true, ReplicaNumber: { } number })
            {
                NoteDurable(target, number, "what it told");
            }

            if (_runs.GetValueOrDefault(target) is { Begun.Runs: [.., var last] } run && report.CompletedRun >= run.At
                && DiskHistory.Contains(_primary.Store.Find(TestCloud.Volume)?.Lineage ?? Lineage.Empty, last.RunId, run.Begun.LastNumber))
            {
                // Unless the primary lost it since: then the run took another write for that number.
                NoteDurable(target, run.Begun.LastNumber, $"the run that is complete, {run}");
            }
        }
    }

    /// <summary>A replica called this write durable. It must keep it for as long as the primary does.</summary>
    private void NoteDurable(TestSite target, long number, string by)
    {
        if (_primary.IsStruck || _primary.Store.Find(TestCloud.Volume)?.Lineage is not { } lineage || number > lineage.LastNumber)
        {
            return;
        }

        foreach (var run in lineage.Runs.Reverse())
        {
            if (run.FirstNumber <= number)
            {
                if (!_durableAt.TryGetValue(target, out var noted))
                {
                    _durableAt[target] = noted = [];
                }

                if (noted.Count == 0 || (noted[^1].Run, noted[^1].Number) != (run.RunId, number))
                {
                    noted.Add((run.RunId, number, by));
                }

                return;
            }
        }
    }

    /// <summary>
    /// A flush that is acknowledged is durable at the primary, and where the relation wants that and no note says otherwise, at the replica.
    /// False when it was not acknowledged.
    /// </summary>
    private async Task<bool> FlushAsync(TimeSpan? patience = null)
    {
        var volume = await _primary.OpenAsync();
        var lineage = volume.Lineage;

        // Held to the terms from here on: asked for before the flush.
        var waitedFor = Others(_primary).Where(t => _primary.Mover.Synchronize(TaskTo(t)).Acks is { State: not null }).ToList();
        using var limit = new CancellationTokenSource(volume.Gate is null ? Patience : patience ?? (WriterPatience * 3));
        try
        {
            await volume.FlushAsync(limit.Token);
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested)
        {
            return false;
        }

        if (_primary.IsStruck || lineage.Runs.Count == 0 || lineage.LastNumber < lineage.Runs[^1].FirstNumber)
        {
            return true;
        }

        _flushed = (lineage.Runs[^1].RunId, lineage.LastNumber);
        foreach (var target in waitedFor.Where(t => _cloud.Ledger.Of(_primary.ReplicationTo(t)) is null))
        {
            NoteDurable(target, lineage.LastNumber, "a flush");
            Tally.FlushedAtBoth++;
        }

        return true;
    }

    private async Task WriteAsync(int writes)
    {
        for (; writes > 0; writes--)
        {
            if (!await WriteOneAsync())
            {
                // The lease holds writers back.
                return;
            }
        }
    }

    private async Task<bool> WriteOneAsync()
    {
        var volume = await _primary.OpenAsync();
        var count = 1 + (_chance.OneIn(4) ? _chance.Below(4) : 0);
        var first = _chance.Below((int)(volume.SizeBytes / IBlockDevice.BlockSize) - count);
        var isTrim = _chance.OneIn(8);
        if (volume.Gate is null)
        {
            return await _history.WriteAsync(volume, first, count, isTrim);
        }

        using var patience = new CancellationTokenSource(WriterPatience);
        return await _history.WriteAsync(volume, first, count, isTrim, patience.Token);
    }

    /// <summary>As a daemon opens a volume: its acknowledgements are kept to what its relations want from the first write on.</summary>
    private async Task BeginRunAsync(TestSite primary, BlockVolume volume)
    {
        await primary.Mover.ArmAsync(
            TestCloud.Volume, _cloud.Current, [.. Others(primary).Select(t => TaskTo(primary, t))], CancellationToken.None);
        await volume.BeginRunAsync(_cloud.Current.Number, CancellationToken.None);
    }

    /// <summary>
    /// Waits until the lease that the settled replica granted has run out, as a promotion does. False when it never granted one in this
    /// generation: then nothing keeps the old primary from writing on.
    /// </summary>
    private async Task<bool> UntilLeaseIsOverAsync()
    {
        while (await _replica.Replicas.FindLeaseAsync(TestCloud.Volume, CancellationToken.None) is { } lease && lease.GenerationId == _cloud.Current.Id)
        {
            if (lease.Left <= TimeSpan.Zero)
            {
                Tally.Leases++;
                return true;
            }

            await Task.Delay(lease.Left < WriterPatience ? lease.Left + TimeSpan.FromMilliseconds(1) : WriterPatience);
        }

        return false;
    }

    private string NewId()
    {
        var id = new Guid(_chance.Below(int.MaxValue), 0, 0, new byte[8]).ToString();
        _ids.Add(id);
        return id;
    }

    /// <summary>One run of a relation.</summary>
    private sealed record Run(DateTimeOffset At, string? SnapshotId, string? CutId, Lineage Begun);
}
