using Skerry.State.Clocks;
using Skerry.State.Merging;

namespace Skerry.Sync.Protocol;

/// <summary>
/// One end of the comparisons over one connection. Two sites that have seen the same hold the same; where they do not, one of them is
/// broken, and this finds which entities tell it.
/// </summary>
/// <remarks>
/// <para>The site with the smaller id asks, once both have caught up and then every so often. At equal vectors and equal digests that is
/// one round trip. Else each end in turn splits by its own keys what differs and says what it holds of each part: with every turn a
/// part shrinks to a sixteenth, until each end has one entity in it at most; then both say which. At other vectors nothing is compared
/// and it is asked again soon; so a cloud that never rests for a moment may go uncompared for long.</para>
/// <para>Both ends work on a cut of their state and neither stops: the log goes first, and what is hashed is hashed a little at a time.
/// Guarded by the session's lock.</para>
/// </remarks>
internal sealed class DigestTalk(SiteLocal local, SiteId peer)
{
    public const int MostParts = Fanout * MostPursued;
    public const int MostFindings = 16;
    public const int MostBodyBytes = 64 << 10;

    private const int Fanout = 16;

    /// <summary>Where everything differs the first few ranges tell enough.</summary>
    private const int MostPursued = 16;

    /// <summary>Entities hashed before the session gets another turn: some milliseconds.</summary>
    private const int HashedAtOnce = 2048;

    /// <summary>Far beyond what two honest ends need for any number of entities.</summary>
    private const int MostTurns = 64;

    private static readonly TimeSpan FirstAfter = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan AgainSoon = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(1);

    private readonly bool _asks = local.Replica.Site < peer;
    private StateDigests? _digests;
    private IEnumerator<int>? _hashing;
    private DigestAsk? _asked;
    private Frame? _owed;
    private long _number;
    private int _turns;
    private long _dueAt = After(local, FirstAfter);

    /// <summary>What to send now, or when to ask again.</summary>
    /// <param name="isCatchingUp">The log has more to bring; nothing is begun.</param>
    public (Frame? Frame, TimeSpan? After) Next(bool isCatchingUp)
    {
        if (_owed is { } owed)
        {
            _owed = null;
            return (owed, null);
        }

        if (_hashing is null)
        {
            if (!_asks || isCatchingUp)
            {
                return (null, null);
            }

            var wait = local.Time.GetElapsedTime(local.Time.GetTimestamp(), _dueAt);
            if (wait > TimeSpan.Zero)
            {
                return (null, wait);
            }

            _dueAt = After(local, local.Options.DigestInterval);
            Begin(_number + 1);
        }

        return IsHashed() ? (First(), null) : (null, Pause);
    }

    public void Heard(DigestAsk ask)
    {
        _owed = null;
        Begin(ask.Number);
        _asked = ask;
        if (_digests!.Vector.Equals(ask.Vector))
        {
            return;
        }

        End();
        _owed = new DigestAnswer(ask.Number, IsEqual: false);
    }

    public void Heard(DigestAnswer answer)
    {
        if (answer.Number != _number || _digests is null)
        {
            return;
        }

        if (answer.IsEqual)
        {
            local.Digests.Equal(peer);
        }
        else
        {
            _dueAt = After(local, AgainSoon);
        }

        End();
    }

    public void Heard(DigestRanges ranges)
    {
        if (ranges.Number != _number || _digests is null || _hashing is not null || ++_turns > MostTurns)
        {
            return;
        }

        if (_turns == 1 && _asked is null)
        {
            local.Digests.Differs(peer, _digests.Vector);
        }

        var (parts, findings) = (new List<DigestPart>(), new List<DigestFinding>());
        foreach (var finding in ranges.Findings)
        {
            var mine = Mine(finding.Range, isReply: true);
            local.Digests.Found(peer, mine, finding);
            if (!finding.IsReply)
            {
                findings.Add(mine);
            }
        }

        foreach (var (range, theirs) in ranges.Parts.Select(p => (p.Range, p.Digest)))
        {
            var mine = _digests.Of(range);
            if (mine == theirs)
            {
                continue;
            }

            if (mine.Count <= 1 && theirs.Count <= 1)
            {
                if (findings.Count < MostFindings)
                {
                    findings.Add(Mine(range, isReply: false));
                }
            }
            else if (parts.Count + Fanout <= MostParts)
            {
                parts.AddRange(_digests.Split(range, Fanout).Select(part => new DigestPart(part, _digests.Of(part))));
            }
        }

        if (parts.Count + findings.Count > 0)
        {
            _owed = new DigestRanges(_number, parts, findings);
        }
    }

    private static long After(SiteLocal local, TimeSpan span) =>
        local.Time.GetTimestamp() + (long)(span.TotalSeconds * local.Time.TimestampFrequency);

    private void Begin(long number)
    {
        End();
        _number = number;
        _digests = local.Replica.TakeSnapshot().Digests();
        _hashing = _digests.Prepare().GetEnumerator();
    }

    private void End()
    {
        _hashing?.Dispose();
        (_digests, _hashing, _asked, _turns) = (null, null, null, 0);
    }

    private bool IsHashed()
    {
        for (var hashed = 0; hashed < HashedAtOnce; hashed += _hashing.Current)
        {
            if (!_hashing!.MoveNext())
            {
                _hashing.Dispose();
                _hashing = null;
                return true;
            }
        }

        return false;
    }

    /// <summary>All is hashed: the question, or what the peer's comes to.</summary>
    private Frame First()
    {
        var all = _digests!.Of(KeyRange.Everything);
        if (_asked is null)
        {
            return new DigestAsk(_number, _digests.Vector, all);
        }

        if (all == _asked.All)
        {
            local.Digests.Equal(peer);
            End();
            return new DigestAnswer(_number, IsEqual: true);
        }

        local.Digests.Differs(peer, _digests.Vector);
        return new DigestRanges(_number, [.. _digests.Split(KeyRange.Everything, Fanout).Select(part => new DigestPart(part, _digests.Of(part)))], []);
    }

    private DigestFinding Mine(KeyRange range, bool isReply) => _digests!.First(range) is var (key, body)
        ? new DigestFinding(range, isReply, key, body[..Math.Min(body.Length, MostBodyBytes)])
        : new DigestFinding(range, isReply, null, default);
}
