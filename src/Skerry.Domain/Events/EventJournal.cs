using System.Text;
using System.Text.Json;
using Skerry.State.Storage;

namespace Skerry.Domain.Events;

/// <summary>
/// What happened at this site, in order, kept by the site alone: a file of lines beside the replicated state. Bounded: the oldest
/// events go. Safe for concurrent use.
/// </summary>
/// <remarks>
/// <para>An event and the mark that it was noted are one line, so that after a crash either both are there or neither, and the same
/// thing is noted once. It is on stable storage when <see cref="Append"/> returns. A line that a crash tore is not read, and its thing
/// is noted again.</para>
/// <para>The marks outlive the events: what they are about is found in the state for longer.</para>
/// </remarks>
/// <param name="path">The file; null keeps everything in memory.</param>
/// <param name="kept">How many events are kept, 1 or more.</param>
public sealed class EventJournal(string? path, int kept = EventJournal.DefaultKept)
{
    public const int DefaultKept = 5000;

    private const int Format = 1;

    private readonly Lock _lock = new();
    private readonly Dictionary<string, string> _marks = new(StringComparer.Ordinal);
    private readonly List<SiteEvent> _events = [];

    /// <summary>Appended by this process.</summary>
    private readonly Dictionary<(string Kind, string? Cause), long> _counts = [];

    private TaskCompletionSource _appended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool _isLoaded;
    private string? _id;
    private long _next = 1;

    /// <summary>Lines that a file written anew would not have.</summary>
    private int _spentLines;

    /// <summary>Names this journal, for who remembers a place in it; null until it was begun.</summary>
    public string? Id => Read(() => _id);

    /// <summary>The sequence of the event that comes next.</summary>
    public long Next => Read(() => _next);

    /// <summary>The sequence of the oldest event that is kept; <see cref="Next"/> when none is.</summary>
    public long First => Read(() => _events.Count > 0 ? _events[0].Sequence : _next);

    /// <summary>True when the file should be written anew, with <see cref="Compact"/>.</summary>
    internal bool IsOvergrown => Read(() => _spentLines >= kept);

    /// <summary>In order.</summary>
    /// <param name="from">The sequence to begin at.</param>
    /// <param name="most">At most so many.</param>
    public IReadOnlyList<SiteEvent> List(long from = 0, int most = int.MaxValue) => Read<IReadOnlyList<SiteEvent>>(() =>
    {
        var start = _events.FindIndex(e => e.Sequence >= from);
        return start < 0 ? [] : _events.GetRange(start, Math.Min(most, _events.Count - start));
    });

    /// <summary>How many of them were appended since this process began.</summary>
    public long CountOf(string kind, string? cause = null)
    {
        lock (_lock)
        {
            return _counts.GetValueOrDefault((kind, cause));
        }
    }

    /// <summary>Returns when the event of this sequence was appended.</summary>
    public async ValueTask WaitAsync(long sequence, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task appended;
            lock (_lock)
            {
                Load();
                if (_next > sequence)
                {
                    return;
                }

                appended = _appended.Task;
            }

            await appended.WaitAsync(cancellationToken);
        }
    }

    /// <summary>What was noted under the key; null when nothing was.</summary>
    internal string? MarkOf(string key) => Read(() => _marks.GetValueOrDefault(key));

    /// <summary>The marks of all keys that begin so.</summary>
    internal IReadOnlyList<(string Key, string Mark)> MarksOf(string prefix) =>
        Read<IReadOnlyList<(string, string)>>(() => [.. _marks.Where(m => m.Key.StartsWith(prefix, StringComparison.Ordinal)).Select(m => (m.Key, m.Value))]);

    /// <summary>Begins the journal: what is so already is marked, and is no event.</summary>
    internal void Begin(string id, IEnumerable<EventDraft> before)
    {
        lock (_lock)
        {
            Load();
            var marks = before.DistinctBy(d => d.Key).ToDictionary(d => d.Key, d => d.Mark, StringComparer.Ordinal);
            Rewrite(id, marks);
            _id = id;
            foreach (var (key, mark) in marks)
            {
                _marks[key] = mark;
            }
        }
    }

    /// <summary>Notes what has no such mark yet; the events that this made, with their sequence.</summary>
    /// <exception cref="IOException">The disk did not take it. Nothing is noted.</exception>
    internal IReadOnlyList<SiteEvent> Append(IEnumerable<EventDraft> drafts)
    {
        lock (_lock)
        {
            Load();
            var lines = new List<EventLine>();
            foreach (var draft in drafts.DistinctBy(d => d.Key).Where(d => _marks.GetValueOrDefault(d.Key) != d.Mark))
            {
                lines.Add(new EventLine { Key = draft.Key, Mark = draft.Mark, Event = draft.Event with { Sequence = _next + lines.Count } });
            }

            if (lines.Count == 0)
            {
                return [];
            }

            Write(lines);
            foreach (var line in lines)
            {
                Take(line);
                var counted = (line.Event!.Kind, line.Event.Cause);
                _counts[counted] = _counts.GetValueOrDefault(counted) + 1;
            }

            var appended = _appended;
            _appended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            appended.SetResult();
            return [.. lines.Select(l => l.Event!)];
        }
    }

    /// <summary>Writes the file anew, without events that are no longer kept and without marks of what is gone.</summary>
    internal void Compact(Predicate<string> isGone)
    {
        lock (_lock)
        {
            Load();
            foreach (var key in _marks.Keys.Where(k => isGone(k)).ToList())
            {
                _marks.Remove(key);
            }

            Rewrite(_id!, _marks);
        }
    }

    private T Read<T>(Func<T> read)
    {
        lock (_lock)
        {
            Load();
            return read();
        }
    }

    private void Load()
    {
        if (_isLoaded || path is null)
        {
            return;
        }

        if (File.Exists(path))
        {
            foreach (var text in File.ReadLines(path).Where(l => l.Length > 0))
            {
                if (Parse(text) is { } line)
                {
                    Take(line);
                }
            }

            if (_id is null)
            {
                throw new InvalidDataException($"{path} is no journal of events. Move it away, and a new one is begun.");
            }
        }

        _isLoaded = true;
    }

    private EventLine? Parse(string text)
    {
        EventLine? line;
        try
        {
            line = JsonSerializer.Deserialize(text, EventJson.Default.EventLine);
        }
        catch (JsonException)
        {
            // Torn by a crash, or written twice over a line that was.
            return null;
        }

        return line is { Format: > Format }
            ? throw new InvalidDataException($"{path} was written by a newer version. Run that, or move the file away, and a new one is begun.")
            : line;
    }

    private void Take(EventLine line)
    {
        if (line.Journal is { } id)
        {
            (_id, _next) = (id, line.Next ?? 1);
            return;
        }

        if (line.Key is { } key)
        {
            var mark = line.Mark ?? "";
            if (_marks.TryGetValue(key, out var known) && known == mark)
            {
                return;
            }

            _marks[key] = mark;
        }

        if (line.Event is null)
        {
            return;
        }

        _events.Add(line.Event);
        _next = line.Event.Sequence + 1;
        if (_events.Count > kept)
        {
            _events.RemoveAt(0);
            _spentLines++;
        }
    }

    private void Write(List<EventLine> lines)
    {
        if (path is null)
        {
            return;
        }

        using var buffer = new MemoryStream();
        foreach (var line in lines)
        {
            // A line break before as well as after: what a crash tore before it stays a line of its own.
            buffer.WriteByte((byte)'\n');
            JsonSerializer.Serialize(buffer, line, EventJson.Default.EventLine);
            buffer.WriteByte((byte)'\n');
        }

        using var file = new FileStream(path, FileMode.Append, FileAccess.Write);
        file.Write(buffer.GetBuffer().AsSpan(0, (int)buffer.Length));
        file.Flush(flushToDisk: true);
    }

    private void Rewrite(string id, Dictionary<string, string> marks)
    {
        _spentLines = 0;
        if (path is null)
        {
            return;
        }

        var text = new StringBuilder();
        Line(new EventLine { Format = Format, Journal = id, Next = _events.Count > 0 ? _events[0].Sequence : _next });
        foreach (var (key, mark) in marks)
        {
            Line(new EventLine { Key = key, Mark = mark });
        }

        foreach (var told in _events)
        {
            Line(new EventLine { Event = told });
        }

        DurableFile.Write(path, text.ToString());

        void Line(EventLine line) => text.Append(JsonSerializer.Serialize(line, EventJson.Default.EventLine)).Append('\n');
    }
}
