using System.Text;
using Skerry.State.Clocks;
using Skerry.State.Log;
using Skerry.State.Merging;
using Skerry.State.Storage.Sqlite;
using Skerry.TestKit.Files;
using Skerry.TestKit.Time;

namespace Skerry.State.Tests.Log;

/// <summary>The bytes of every released format must load for ever, and mean what they meant.</summary>
public sealed class FormatFixtureTests
{
    public static TheoryData<string> Versions => [.. Directory.GetDirectories(Root).Select(path => Path.GetFileName(path)!).Order()];

    private static string Root => Path.Combine(AppContext.BaseDirectory, "Fixtures");

    [Theory]
    [MemberData(nameof(Versions))]
    public void Mutations_still_load(string version)
    {
        var mutations = ReadHex(version, "mutations.hex").Select(bytes => MutationCodec.Decode(bytes));
        var state = ReplicaState.Empty.Apply(mutations, Site.Schema);
        Assert.Equal(ReadText(version), Describe(state, version));
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public void Snapshots_still_load(string version)
    {
        var snapshot = StateSnapshot.Decode(ReadHex(version, "snapshot.hex").Select(bytes => (ReadOnlyMemory<byte>)bytes));
        Assert.Equal(ReadText(version), Describe(snapshot.State, version));
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task Stores_still_open(string version)
    {
        using var directory = new TemporaryDirectory();
        File.Copy(Path.Combine(Root, version, "state.db"), directory.File("state.db"));
        await using var site = await Site.OpenAsync(1, await SqliteStore.OpenAsync(directory.File("state.db"), default), new ManualTime());
        Assert.Equal(ReadText(version), Describe(site.Replica.TakeSnapshot().State, version));
    }

    [Fact]
    public void The_present_version_writes_the_bytes_of_its_fixture()
    {
        var bytes = ReadHex("v2", "mutations.hex").ToArray();
        var mutations = bytes.Select(encoded => MutationCodec.Decode(encoded)).ToArray();
        Assert.Equal(bytes, mutations.Select(m => MutationCodec.Create(m.Dot, m.Stamp, m.Author, m.IsUrgent, m.Changes).Encoded.ToArray()));
        var state = ReplicaState.Empty.Apply(mutations, Site.Schema);
        Assert.Equal(ReadHex("v2", "snapshot.hex"), new StateSnapshot(state).Encode(100).Select(chunk => chunk.ToArray()));
    }

    /// <summary>Not a test: writes the fixture of a new version into the directory that the variable names, once for each version.</summary>
    [Fact(Explicit = true)]
    public async Task Write_a_fixture()
    {
        var target = Environment.GetEnvironmentVariable("SKERRY_WRITE_FIXTURE");
        Assert.SkipWhen(target is null, "SKERRY_WRITE_FIXTURE names no directory");
        Directory.CreateDirectory(target!);
        var time = new ManualTime();
        await using var a = await Site.OpenAsync(1, await SqliteStore.OpenAsync(Path.Combine(target!, "state.db"), default), time, new ReplicaLimits { MaxLogAge = TimeSpan.FromHours(1) }, new Random(1));
        await using var b = await Site.OpenAsync(2, time: time, random: new Random(2));
        await a.SetAsync("x", "name", "größe");
        await a.SetAsync("y", "held", "one");
        await b.PullAsync(a);
        await a.Replica.CommitAsync(t => t.Set(Site.Key("x"), "status", FieldValue.FromJson("""{"a":[1,null]}"""), rank: 1), new CommitOptions("reconciler", Urgent: false), default);
        await a.SetAsync("x", "name", "of a");
        await b.SetAsync("x", "name", "of b");
        await a.SetAsync("y", "held", "of a");
        await b.SetAsync("y", "held", "of b");
        await b.SetAsync("z", "name", "to delete");
        await a.PullAsync(b);
        await a.SetAsync("x", "name", "agreed");
        await a.SetAsync("y", "held", "over");
        await a.DeleteAsync("z");
        await b.SetAsync("z", "name", "not known");
        await b.SetAsync("x", "size", "of b");
        await a.SetAsync("x", "size", "of a");
        var middle = a.LogFrom(VersionVector.Empty);
        time.Advance(TimeSpan.FromHours(2));
        await a.PullAsync(b);
        await a.Replica.CutLogAsync(default);
        await a.SetAsync("w", "name", "short life");
        await a.DeleteAsync("w");
        await a.DoAsync(transaction => transaction.Purge(Site.Key("w")));
        var state = a.Replica.TakeSnapshot();
        var all = middle.Concat(a.LogFrom(middle.Aggregate(VersionVector.Empty, (vector, mutation) => vector.With(mutation.Dot))));
        await File.WriteAllLinesAsync(Path.Combine(target!, "mutations.hex"), all.Select(m => Convert.ToHexStringLower(m.Encoded.Span)));
        await File.WriteAllLinesAsync(Path.Combine(target!, "snapshot.hex"), state.Encode(100).Select(chunk => Convert.ToHexStringLower(chunk.Span)));
        await File.WriteAllTextAsync(Path.Combine(target!, "state.txt"), Describe(state.State, "v2"));
    }

    private static string ReadText(string version) =>
        string.Concat(File.ReadLines(Path.Combine(Root, version, "state.txt")).Where(line => version != "v1" || !line.StartsWith("digest ", StringComparison.Ordinal)).Select(line => line + Environment.NewLine));

    private static IEnumerable<byte[]> ReadHex(string version, string name) => File.ReadLines(Path.Combine(Root, version, name)).Select(Convert.FromHexString);

    /// <summary>The digest that the first version compared was over other bytes; those of the present one must not change.</summary>
    private static string Describe(ReplicaState state, string version)
    {
        var text = new StringBuilder();
        if (version != "v1") text.Append("digest ").AppendLine(Convert.ToHexStringLower(new StateSnapshot(state).Digest()));
        text.Append("vector ").AppendLine(state.Vector.ToString());
        foreach (var entity in state.Entities())
        {
            text.AppendLine(entity.ToString());
            foreach (var register in entity.Registers)
            {
                foreach (var value in register.Standing)
                {
                    text.AppendLine($"  {register.Field} = {value.Value} rank {value.Rank} marks {value.Marks} by {value.Author} {value.Dot} {value.Stamp}");
                }
            }
        }

        foreach (var settled in state.History)
        {
            text.AppendLine($"settled {settled.Key} {settled.Field} by {settled.By.Dot}: {string.Join(", ", settled.Replaced.Select(value => $"{value.Value} {value.Dot}"))}");
        }

        return text.ToString();
    }
}
