using Skerry.Domain.Replication;

namespace Skerry.Domain.Tests.Replication;

public sealed class TransferHistoryTests : IDisposable
{
    private static readonly DateTimeOffset Noon = new(2026, 11, 21, 12, 0, 0, TimeSpan.Zero);
    private readonly string _directory = Directory.CreateTempSubdirectory("skerry-history-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void The_last_hundred_are_kept_over_restarts_and_no_more()
    {
        for (var i = 0; i < 250; i++)
        {
            // A daemon that starts anew now and then.
            var history = i % 60 == 0 ? new TransferHistory(_directory) : Current(i);
            Assert.Null(history.Add("r-1", Entry(i)));
            _current = history;
        }

        var kept = new TransferHistory(_directory).List("r-1");
        Assert.Equal(Enumerable.Range(150, 100).Reverse(), kept.Select(e => (int)e.MovedBytes));
        Assert.InRange(File.ReadLines(Path.Combine(_directory, "r-1.jsonl")).Count(l => l.Length > 0), 100, 200);
    }

    [Fact]
    public void A_line_that_a_crash_tore_costs_that_line_alone()
    {
        var history = new TransferHistory(_directory);
        history.Add("r-1", Entry(1));
        File.AppendAllText(Path.Combine(_directory, "r-1.jsonl"), "\n{\"side\":\"sou");
        new TransferHistory(_directory).Add("r-1", Entry(2));
        Assert.Equal([2L, 1L], new TransferHistory(_directory).List("r-1").Select(e => e.MovedBytes));
    }

    [Fact]
    public void Replications_that_are_gone_are_forgotten_and_none_names_a_file_elsewhere()
    {
        var history = new TransferHistory(_directory);
        history.Add("r-1", Entry(1));
        history.Add("r-2", Entry(2));
        history.Add("../r-3", Entry(3));
        new TransferHistory(_directory).KeepOnly(new HashSet<string> { "r-2" });
        Assert.Equal(["r-2.jsonl"], Directory.EnumerateFiles(_directory).Select(Path.GetFileName));
        Assert.False(File.Exists(Path.Combine(_directory, "..", "r-3.jsonl")));
    }

    [Fact]
    public void The_same_attempt_that_came_to_nothing_again_is_told_once()
    {
        var history = new TransferHistory(null);
        foreach (var reason in new[] { "full", "full", "locked", "full" })
        {
            history.Add("r-1", Entry(0) with { Kind = "attempt", Result = "failed", Reason = reason });
        }

        Assert.Equal(["full", "locked", "full"], history.List("r-1").Select(e => e.Reason));
    }

    private TransferHistory? _current;

    private TransferHistory Current(int i) => _current ?? throw new InvalidOperationException($"nothing before {i}");

    private static TransferEntry Entry(int number) =>
        new("source", "catch-up", "done", null, Noon.AddMinutes(number), Noon.AddMinutes(number + 1), number, number, 0, 0);
}
