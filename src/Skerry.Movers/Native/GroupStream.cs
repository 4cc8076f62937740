using Skerry.Blocks;
using Skerry.Domain.Groups;

namespace Skerry.Movers.Native;

/// <summary>What cuts of a group need to know of one member's stream: whether it can carry a mark now. Safe for concurrent use.</summary>
/// <remarks>
/// A mark that was set and not yet kept is outstanding. Their number is bounded, so that a slow replica does not make the others keep
/// ever more states for cuts that it has not got.
/// </remarks>
internal sealed class GroupStream
{
    /// <summary>Why a replica keeps no cuts, and what helps.</summary>
    public const string IsOlder = "its replica's site is of an older version, which keeps no cuts; upgrade that site";

    private const int MostOutstanding = 8;

    private readonly Lock _lock = new();
    private readonly HashSet<string> _outstanding = new(StringComparer.Ordinal);
    private WriteTap? _tap;
    private bool _keepsMarks = true;

    /// <summary>A stream begins; what was outstanding on the one before is lost with it.</summary>
    public void Begin(WriteTap tap, bool keepsMarks)
    {
        lock (_lock)
        {
            (_tap, _keepsMarks) = (tap, keepsMarks);
            _outstanding.Clear();
        }
    }

    public void End()
    {
        lock (_lock)
        {
            _tap = null;
            _outstanding.Clear();
        }
    }

    /// <summary>False when the replica that was met last keeps no cuts.</summary>
    public bool KeepsMarks
    {
        get
        {
            lock (_lock)
            {
                return _keepsMarks;
            }
        }
    }

    /// <summary>A replica is met, to which no stream begins.</summary>
    public void Meet(bool keepsMarks)
    {
        lock (_lock)
        {
            _keepsMarks = keepsMarks;
        }
    }

    /// <summary>The replica keeps the state at that mark.</summary>
    public void Kept(string cutId)
    {
        lock (_lock)
        {
            _outstanding.Remove(cutId);
        }
    }

    /// <summary>Why no mark can be set now; null when one can.</summary>
    public string? WhyNot()
    {
        lock (_lock)
        {
            return !_keepsMarks ? IsOlder
                : _tap is not { End: TapEnd.None } ? "its replica is catching up, or is not connected"
                : _outstanding.Count >= MostOutstanding ? $"its replica is {MostOutstanding} cuts behind"
                : null;
        }
    }

    /// <summary>Only within a barrier of the volume. False when the stream has ended meanwhile.</summary>
    public bool SetMark(Cut cut)
    {
        lock (_lock)
        {
            return _tap?.SetMark(cut.Id, cut.TakenAt) == true && _outstanding.Add(cut.Id);
        }
    }
}
