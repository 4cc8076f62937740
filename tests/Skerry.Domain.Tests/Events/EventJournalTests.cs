using Skerry.Domain.Events;

namespace Skerry.Domain.Tests.Events;

public sealed class EventJournalTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("skerry-events-").FullName;

    private string Path => System.IO.Path.Combine(_directory, "events.jsonl");

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void What_was_noted_is_there_after_a_restart_and_is_not_noted_again()
    {
        var journal = Begun();
        Assert.Equal([1L, 2L], journal.Append([Draft("a"), Draft("b")]).Select(e => e.Sequence));
        var after = new EventJournal(Path);
        Assert.Equal(journal.Id, after.Id);
        Assert.Equal(journal.List(), after.List());
        Assert.Equal(["c"], after.Append([Draft("b"), Draft("c"), Draft("a"), Draft("c")]).Select(e => e.Message));
        Assert.Equal([1L, 2L, 3L], new EventJournal(Path).List().Select(e => e.Sequence));
    }

    [Fact]
    public void What_was_so_before_the_journal_began_is_no_event()
    {
        var journal = new EventJournal(Path);
        Assert.Null(journal.Id);
        journal.Begin("journal-1", [Draft("before")]);
        Assert.Equal(["after"], new EventJournal(Path).Append([Draft("before"), Draft("after")]).Select(e => e.Message));
    }

    /// <summary>Cuts the file at every byte of its last line: before its end the thing was not noted, and is noted anew with the same sequence.</summary>
    [Fact]
    public void A_crash_in_the_middle_of_a_note_leaves_it_undone_and_harms_no_other()
    {
        var journal = Begun();
        journal.Append([Draft("a")]);
        var before = new FileInfo(Path).Length;
        journal.Append([Draft("b")]);
        var whole = File.ReadAllBytes(Path);
        for (var cut = before; cut < whole.Length - 1; cut++)
        {
            File.WriteAllBytes(Path, whole[..(int)cut]);
            var after = new EventJournal(Path);
            var noted = after.List().Count;
            var told = after.Append([Draft("a"), Draft("b")]);
            Assert.Equal(2 - noted, told.Count);
            Assert.Equal(["a", "b"], new EventJournal(Path).List().Select(e => e.Message));
            Assert.Equal([1L, 2L], new EventJournal(Path).List().Select(e => e.Sequence));
        }
    }

    [Fact]
    public void A_line_that_was_written_twice_counts_once()
    {
        Begun().Append([Draft("a")]);
        var line = File.ReadLines(Path).Last(l => l.Length > 0);
        File.AppendAllText(Path, $"\n{line}\n");
        Assert.Single(new EventJournal(Path).List());
    }

    /// <summary>The oldest go, their marks stay as long as what they are about, and neither file nor memory grows without bound.</summary>
    [Fact]
    public void The_journal_is_bounded_and_forgets_no_mark_that_is_needed()
    {
        var journal = new EventJournal(Path, kept: 10);
        journal.Begin("journal-1", []);
        for (var i = 1; i <= 200; i++)
        {
            Assert.Single(journal.Append([Draft($"thing/{i}")]));
            if (journal.IsOvergrown)
            {
                journal.Compact(key => int.Parse(key.Split('/')[1]) <= i - 50);
            }

            if (i % 37 == 0)
            {
                journal = new EventJournal(Path, kept: 10);
            }
        }

        Assert.Equal((191L, 201L), (journal.First, journal.Next));
        Assert.Equal(Enumerable.Range(191, 10).Select(i => (long)i), new EventJournal(Path, kept: 10).List().Select(e => e.Sequence));
        Assert.Equal([196L, 197L], journal.List(196, 2).Select(e => e.Sequence));
        Assert.InRange(File.ReadLines(Path).Count(l => l.Length > 0), 10, 100);
        Assert.Empty(new EventJournal(Path, kept: 10).Append(Enumerable.Range(160, 41).Select(i => Draft($"thing/{i}"))));
    }

    [Fact]
    public async Task Who_waits_is_told_when_the_event_was_appended()
    {
        var journal = Begun();
        journal.Append([Draft("a")]);
        await journal.WaitAsync(1, CancellationToken.None);
        var waiting = journal.WaitAsync(3, CancellationToken.None).AsTask();
        journal.Append([Draft("b")]);
        Assert.False(waiting.IsCompleted);
        journal.Append([Draft("c")]);
        await waiting.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
    }

    [Fact]
    public void A_file_that_is_none_or_of_a_newer_version_is_told_and_left_alone()
    {
        File.WriteAllText(Path, "hello\n");
        Assert.Contains("Move it away", Assert.Throws<InvalidDataException>(() => new EventJournal(Path).List()).Message, StringComparison.Ordinal);
        File.WriteAllText(Path, "{\"format\":2,\"journal\":\"x\",\"next\":1}\n");
        Assert.Contains("newer version", Assert.Throws<InvalidDataException>(() => new EventJournal(Path).List()).Message, StringComparison.Ordinal);
        Assert.Contains("\"format\":2", File.ReadAllText(Path), StringComparison.Ordinal);
    }

    [Fact]
    public void Frozen_bytes_of_version_1_are_read_and_gone_on_with()
    {
        File.Copy(System.IO.Path.Combine(AppContext.BaseDirectory, "Fixtures", "events-1.jsonl"), Path);
        var journal = new EventJournal(Path);
        Assert.Equal("0f8fad5b-d9cb-469f-a165-70867728950e", journal.Id);
        Assert.Equal("5", journal.MarkOf("missed/relation-1"));
        Assert.Equal((41L, 43L), (journal.First, journal.Next));
        var promoted = journal.List()[0];
        Assert.Equal(
            (EventKinds.Promoted, "data", 2L, RoleCauses.Forced, "north", "south", 17L),
            (promoted.Kind, promoted.VolumeName, promoted.Generation, promoted.Cause, promoted.FromSite, promoted.ToSite, promoted.ForkNumber));
        Assert.Equal((2L, 5L), (journal.List()[1].MissedRuns, journal.List()[1].MissedRunsTotal));
        journal.Append([Draft("next")]);
        Assert.Equal([41L, 42L, 43L], new EventJournal(Path).List().Select(e => e.Sequence));
    }

    private EventJournal Begun()
    {
        var journal = new EventJournal(Path);
        journal.Begin("journal-1", []);
        return journal;
    }

    private static EventDraft Draft(string key) =>
        new(key, "", new SiteEvent(EventKinds.Promoted, key) { Id = key, At = DateTimeOffset.UnixEpoch });
}
