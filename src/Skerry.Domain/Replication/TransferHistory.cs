using System.Text.Json;

namespace Skerry.Domain.Replication;

/// <summary>A transfer that ended, as one of its two sites saw it.</summary>
/// <param name="Side"><c>source</c> or <c>target</c>.</param>
/// <param name="Kind"><c>first-copy</c>, <c>catch-up</c>, <c>resync</c>, <c>adopt</c>, or <c>attempt</c> for one that came to no transfer.</param>
/// <param name="Result"><c>done</c> or <c>failed</c>; what a failed one moved is kept, and the next goes on from there.</param>
/// <param name="Reason">Why it failed.</param>
/// <param name="StartedAt">By this site's clock, as the rest.</param>
/// <param name="EndedAt">Never before the start.</param>
/// <param name="TotalBytes">What was to be handled.</param>
/// <param name="MovedBytes">Block content that crossed the link.</param>
/// <param name="ComparedBytes">Compared by digest at both sides.</param>
/// <param name="EqualBytes">Of that, found equal.</param>
public sealed record TransferEntry(
    string Side,
    string Kind,
    string Result,
    string? Reason,
    DateTimeOffset StartedAt,
    DateTimeOffset EndedAt,
    long TotalBytes,
    long MovedBytes,
    long ComparedBytes,
    long EqualBytes)
{
    public static TransferEntry Of(string side, TransferStatus transfer, string? failure, DateTimeOffset now) =>
        new(
            side, transfer.Kind, failure is null ? "done" : "failed", failure, transfer.StartedAt,
            transfer.EndedAt is { } ended && ended >= transfer.StartedAt ? ended : now >= transfer.StartedAt ? now : transfer.StartedAt,
            transfer.TotalBytes, transfer.MovedBytes, transfer.ComparedBytes, transfer.EqualBytes);
}

/// <summary>
/// The last hundred transfers of each replication, kept by the site that saw them: a file of lines for each, beside the replicated log,
/// which would grow by what only one site needs. Safe for concurrent use.
/// </summary>
/// <remarks>
/// An entry is on stable storage when <see cref="Add"/> returns. A line that a crash tore is not read. A disk that fails costs history,
/// never a transfer.
/// </remarks>
/// <param name="directory">Where the files are; made when it is missing. Null keeps them in memory.</param>
public sealed class TransferHistory(string? directory)
{
    public const int Kept = 100;

    private readonly Lock _lock = new();
    private readonly Dictionary<string, List<TransferEntry>> _entries = new(StringComparer.Ordinal);

    /// <summary>How long each file is: those beyond twice what is kept are written anew.</summary>
    private readonly Dictionary<string, int> _lines = new(StringComparer.Ordinal);

    /// <summary>Newest first.</summary>
    public IReadOnlyList<TransferEntry> List(string replicationId)
    {
        lock (_lock)
        {
            return [.. Enumerable.Reverse(Entries(replicationId))];
        }
    }

    /// <summary>What the disk had against it; null when it is kept.</summary>
    public string? Add(string replicationId, TransferEntry entry)
    {
        lock (_lock)
        {
            var entries = Entries(replicationId);
            if (entry.Kind == "attempt" && entries is [.., { Kind: "attempt" } last] && last.Reason == entry.Reason)
            {
                // The same again: when it was first given up says more.
                return null;
            }

            entries.Add(entry);
            entries.RemoveRange(0, Math.Max(0, entries.Count - Kept));
            var lines = _lines.GetValueOrDefault(replicationId) + 1;
            var isFull = lines >= 2 * Kept;
            _lines[replicationId] = isFull ? entries.Count : lines;

            try
            {
                Write(replicationId, isFull ? entries : [entry], isFull);
                return null;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                return $"The history of replication {replicationId} cannot be kept: {e.Message}";
            }
        }
    }

    /// <summary>Forgets replications that are gone.</summary>
    public void KeepOnly(IReadOnlySet<string> replicationIds)
    {
        lock (_lock)
        {
            foreach (var id in _entries.Keys.Concat(Files()).Where(id => !replicationIds.Contains(id)).ToList())
            {
                _entries.Remove(id);
                _lines.Remove(id);
                if (PathOf(id) is { } path)
                {
                    File.Delete(path);
                }
            }
        }
    }

    private List<TransferEntry> Entries(string replicationId)
    {
        if (_entries.TryGetValue(replicationId, out var known))
        {
            return known;
        }

        var read = new List<TransferEntry>();
        if (PathOf(replicationId) is { } path && File.Exists(path))
        {
            string[] lines = [.. File.ReadLines(path).Where(l => l.Length > 0)];
            _lines[replicationId] = lines.Length;
            foreach (var line in lines.TakeLast(Kept))
            {
                try
                {
                    if (JsonSerializer.Deserialize(line, ReplicationJson.Default.TransferEntry) is { } entry)
                    {
                        read.Add(entry);
                    }
                }
                catch (JsonException)
                {
                    // Torn by a crash.
                }
            }
        }

        return _entries[replicationId] = read;
    }

    private void Write(string replicationId, List<TransferEntry> entries, bool isWhole)
    {
        if (PathOf(replicationId) is not { } path)
        {
            return;
        }

        Directory.CreateDirectory(directory!);
        var target = isWhole ? path + ".new" : path;
        using (var file = new FileStream(target, isWhole ? FileMode.Create : FileMode.Append, FileAccess.Write))
        {
            foreach (var entry in entries)
            {
                // A line break before as well as after: what a crash tore before it stays a line of its own.
                file.WriteByte((byte)'\n');
                JsonSerializer.Serialize(file, entry, ReplicationJson.Default.TransferEntry);
                file.WriteByte((byte)'\n');
            }

            file.Flush(flushToDisk: true);
        }

        if (isWhole)
        {
            File.Move(target, path, overwrite: true);
        }
    }

    private IEnumerable<string> Files() =>
        directory is not null && Directory.Exists(directory)
            ? Directory.EnumerateFiles(directory, "*.jsonl").Select(path => Path.GetFileNameWithoutExtension(path)!)
            : [];

    /// <summary>An id that is no plain word, as some other site may write, is no name of a file.</summary>
    private string? PathOf(string replicationId) =>
        directory is not null && replicationId.Length is > 0 and <= 64 && replicationId.All(c => char.IsAsciiLetterOrDigit(c) || c == '-')
            ? Path.Combine(directory, replicationId + ".jsonl")
            : null;
}
