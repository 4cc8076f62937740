using System.Runtime.CompilerServices;

namespace Skerry.Blocks.Maps;

/// <summary>
/// A leaf of more than two runs: one word for each, which for blocks written at random is 8 bytes a block. Readers look under a version
/// that is odd while the writer is inside, and try again if it moved.
/// </summary>
/// <remarks>A word that a reader finds while the writer moves them is always one that was right once, so what it makes of it is discarded, never a fault.</remarks>
internal sealed class PackedLeaf : SharedNode
{
    private const int LeastCapacity = 8;
    private readonly ulong[] _words;
    private readonly LeafScale _scale;
    private ulong _low, _high;
    private int _version;

    private PackedLeaf(MapOwner? owner, LeafScale scale, int capacity)
        : base(owner)
    {
        _scale = scale;
        _words = new ulong[capacity * scale.Words];
    }

    public LeafScale Scale => _scale;

    public RunStarts Starts => new(_low, _high);

    /// <summary>One or two for each run, then room. For the writer, and for leaves that are frozen.</summary>
    public ReadOnlySpan<ulong> Words => _words;

    public int Capacity => _words.Length / _scale.Words;

    public static PackedLeaf Of(MapOwner? owner, ReadOnlySpan<LeafRun> runs)
    {
        var leaf = new PackedLeaf(owner, LeafScale.For(runs), CapacityFor(runs.Length));
        var (starts, highest) = (default(RunStarts), 0L);
        for (var i = 0; i < runs.Length; i++)
        {
            var run = runs[i];
            starts = starts.With(run.First);
            highest = Math.Max(highest, run.Number);
            leaf._scale.TryPack(run.Place, run.Number, 1, out var word, out var second);
            leaf.Set(i, word, second);
        }

        (leaf._low, leaf._high) = (starts.Low, starts.High);
        leaf.Raise(highest);
        return leaf;
    }

    /// <summary>A leaf as it was saved.</summary>
    public static PackedLeaf Loaded(LeafScale scale, RunStarts starts, ReadOnlySpan<ulong> words, long maxNumber)
    {
        var leaf = new PackedLeaf(null, scale, CapacityFor(starts.Count)) { MaxNumber = maxNumber, _low = starts.Low, _high = starts.High };
        words.CopyTo(leaf._words);
        return leaf;
    }

    /// <summary>The writer's: a copy with room for at least this many runs.</summary>
    public PackedLeaf CopyFor(MapOwner owner, int runs)
    {
        var used = Starts.Count;
        var copy = new PackedLeaf(owner, _scale, CapacityFor(Math.Max(runs, used))) { MaxNumber = MaxNumber, _low = _low, _high = _high };
        _words.AsSpan(0, used * _scale.Words).CopyTo(copy._words);
        return copy;
    }

    public void Read(int index, Span<MapEntry> into)
    {
        var spin = default(SpinWait);
        while (true)
        {
            var before = Volatile.Read(ref _version);
            if ((before & 1) == 0 && TryRead(new RunStarts(_low, _high), index, into))
            {
                Volatile.ReadBarrier();
                if (_version == before)
                {
                    return;
                }
            }

            spin.SpinOnce(sleep1Threshold: -1);
        }
    }

    /// <summary>All runs, as of one instant; answers how many.</summary>
    public int Read(Span<LeafRun> into)
    {
        var spin = default(SpinWait);
        while (true)
        {
            var before = Volatile.Read(ref _version);
            if ((before & 1) == 0 && TryRead(new RunStarts(_low, _high), into, out var count))
            {
                Volatile.ReadBarrier();
                if (_version == before)
                {
                    return count;
                }
            }

            spin.SpinOnce(sleep1Threshold: -1);
        }
    }

    /// <summary>As of one instant, the runs that carry a number above this one, each with where it ends; answers how many.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public int ReadAbove(long number, Span<(LeafRun Run, int End)> into)
    {
        var spin = default(SpinWait);
        while (true)
        {
            var before = Volatile.Read(ref _version);
            if ((before & 1) == 0)
            {
                var (starts, count) = (new RunStarts(_low, _high), 0);
                var runs = Math.Min(starts.Count, Capacity);
                var (narrow, above) = (_scale.Words == 1, Math.Clamp(number - _scale.BaseNumber + 1, -1, uint.MaxValue));
                var block = 0;
                for (var i = 0; i < runs; i++)
                {
                    var end = starts.EndOf(block);

                    // Of number 0 the distance is 0, which is above nothing but -1.
                    if (narrow && number >= 0 ? (uint)(_words[i] & uint.MaxValue) > Math.Max(above, 0) : Get(i).Number > number)
                    {
                        var (place, itsNumber) = Get(i);
                        into[count++] = (new LeafRun(block, place, itsNumber), end);
                    }

                    block = end;
                }

                Volatile.ReadBarrier();
                if (_version == before)
                {
                    return count;
                }
            }

            spin.SpinOnce(sleep1Threshold: -1);
        }
    }

    /// <summary>The writer's: how many blocks of a range hold data.</summary>
    public int DataIn(int index, int count)
    {
        var (starts, data) = (Starts, 0);
        for (var at = index; at < index + count;)
        {
            var to = Math.Min(starts.EndOf(at), index + count);
            data += RunAt(starts, at).Place.IsData ? to - at : 0;
            at = to;
        }

        return data;
    }

    /// <summary>
    /// The writer's: makes a range one run. When the outcome is better kept in another form, or does not fit here, nothing changes and
    /// <paramref name="runsAfter"/> tells how many runs there would be, or 0 when the run does not fit the scale.
    /// </summary>
    public bool TryWrite(int index, int count, Place place, long number, out int runsAfter)
    {
        var starts = Starts;
        (index, count, place) = Widen(starts, index, count, place, number);
        runsAfter = 0;
        if (!_scale.TryPack(place, number, count, out var word, out var second))
        {
            return false;
        }

        var end = index + count;
        var (first, last) = (starts.Rank(index), starts.Rank(end - 1));
        var (left, right) = (starts.StartOf(index) < index ? 1 : 0, starts.EndOf(end - 1) > end ? 1 : 0);
        var runs = starts.Count;
        runsAfter = runs - (last - first) + left + right;
        if (runsAfter > Capacity || runsAfter <= PairNode.Runs || (runsAfter * 4 <= Capacity && Capacity > LeastCapacity))
        {
            return false;
        }

        var rest = right == 0 ? default : RunAt(starts, end - 1).At(end);
        Enter();
        if (runsAfter != runs)
        {
            var words = _scale.Words;
            _words.AsSpan((last + 1) * words, (runs - last - 1) * words).CopyTo(_words.AsSpan((first + left + 1 + right) * words));
        }

        Set(first + left, word, second);
        if (right != 0)
        {
            _scale.TryPack(rest.Place, rest.Number, 1, out word, out second);
            Set(first + left + 1, word, second);
        }

        starts = starts.Without(index, end).With(index);
        starts = right == 0 ? starts : starts.With(end);
        (_low, _high) = (starts.Low, starts.High);
        Leave();
        return true;
    }

    private static int CapacityFor(int runs) => runs switch
    {
        <= LeastCapacity => LeastCapacity,
        <= 16 => 16,
        <= 32 => 32,
        <= 48 => 48,
        <= 64 => 64,
        <= 96 => 96,
        _ => MapNode.Fanout,
    };

    /// <summary>A write that goes on where a neighbour of the same number ends, or ends where one begins, is one run with it.</summary>
    private (int Index, int Count, Place Place) Widen(RunStarts starts, int index, int count, Place place, long number)
    {
        if (index > 0 && RunAt(starts, index - 1) is var before && before.Number == number && before.At(index).Place == place)
        {
            (index, count, place) = (before.First, count + index - before.First, before.Place);
        }

        var end = index + count;
        return end < MapNode.Fanout && RunAt(starts, end) is var behind && behind.Number == number && behind.At(end).Place == place.Behind(count)
            ? (index, starts.EndOf(end) - index, place)
            : (index, count, place);
    }

    private LeafRun RunAt(RunStarts starts, int block)
    {
        var entry = Get(starts.Rank(block));
        return new LeafRun(starts.StartOf(block), entry.Place, entry.Number);
    }

    private bool TryRead(RunStarts starts, int index, Span<MapEntry> into)
    {
        for (var i = 0; i < into.Length;)
        {
            var block = index + i;
            var rank = starts.Rank(block);
            if ((uint)rank >= (uint)Capacity)
            {
                return false;
            }

            var run = new LeafRun(starts.StartOf(block), default, 0);
            var (place, number) = Get(rank);
            var to = Math.Min(starts.EndOf(block) - index, into.Length);
            for (; i < to; i++)
            {
                into[i] = new MapEntry(place.Behind(index + i - run.First), number);
            }
        }

        return true;
    }

    private bool TryRead(RunStarts starts, Span<LeafRun> into, out int count)
    {
        count = starts.Count;
        if (count > Capacity)
        {
            return false;
        }

        var block = 0;
        for (var i = 0; i < count; i++)
        {
            var (place, number) = Get(i);
            into[i] = new LeafRun(block, place, number);
            block = starts.EndOf(block);
        }

        return true;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private MapEntry Get(int run) => _scale.Words == 1
        ? _scale.Unpack(_words[run], 0)
        : _scale.Unpack(_words[run * 2], _words[(run * 2) + 1]);

    private void Set(int run, ulong word, ulong second)
    {
        if (_scale.Words == 1)
        {
            _words[run] = word;
        }
        else
        {
            (_words[run * 2], _words[(run * 2) + 1]) = (word, second);
        }
    }

    private void Enter()
    {
        Volatile.Write(ref _version, unchecked(_version + 1));
        Volatile.WriteBarrier();
    }

    private void Leave() => Volatile.Write(ref _version, unchecked(_version + 1));
}
