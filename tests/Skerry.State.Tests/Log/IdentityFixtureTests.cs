using Skerry.State.Clocks;
using Skerry.State.Log;
using Skerry.State.Storage;
using Skerry.TestKit.Time;

namespace Skerry.State.Tests.Log;

/// <summary>The bytes of an unsure stamp and of retired incarnations, as they were first written.</summary>
public sealed class IdentityFixtureTests
{
    private static string Root => Path.Combine(AppContext.BaseDirectory, "Fixtures", "v2");

    [Fact]
    public void An_unsure_stamp_and_a_retirement_mean_what_they_meant()
    {
        var mutations = File.ReadLines(Path.Combine(Root, "identity-mutations.hex")).Select(line => MutationCodec.Decode(Convert.FromHexString(line))).ToArray();
        var state = new StateSnapshot(Skerry.State.Merging.ReplicaState.Empty.Apply(mutations, Site.Schema));
        var snapshot = StateSnapshot.Decode(File.ReadLines(Path.Combine(Root, "identity-snapshot.hex")).Select(line => (ReadOnlyMemory<byte>)Convert.FromHexString(line)));
        foreach (var read in new[] { state, snapshot })
        {
            Assert.Equal([true, false], read.Find(Site.Key("x"))!.Standing("name").Select(value => value.IsUnsure).Order().Reverse());
            Assert.Equal("sure", read.Find(Site.Key("x"))!.GetString("name"));
            var retired = Assert.Single(read.Vector.Retired);
            Assert.Equal((1UL, 2L), (retired.Site.Value, retired.Sequence));
            Assert.True(read.Vector.Covers(retired));
            Assert.DoesNotContain(read.Vector, dot => dot.Writer == retired.Writer);
        }

        Assert.Equal(state.Digest(), snapshot.Digest());
        Assert.Equal(File.ReadLines(Path.Combine(Root, "identity-snapshot.hex")), state.Encode(100).Select(chunk => Convert.ToHexStringLower(chunk.Span)));
    }

    /// <summary>Not a test: writes the fixture into the directory that the variable names.</summary>
    [Fact(Explicit = true)]
    public async Task Write_the_fixture()
    {
        var target = Environment.GetEnvironmentVariable("SKERRY_WRITE_FIXTURE");
        Assert.SkipWhen(target is null, "SKERRY_WRITE_FIXTURE names no directory");
        var (time, store) = (new ManualTime(), new MemoryStore());
        await using var b = await Site.OpenAsync(2, time: time, random: new Random(2));
        await using (var first = await Site.OpenAsync(1, store, time, random: new Random(1)))
        {
            await first.SetAsync("y", "name", "early");
            first.Replica.Clock.Correct(TimeSpan.FromMinutes(20), isOff: true);
            await first.SetAsync("x", "name", "unsure");
        }

        await b.SetAsync("x", "name", "sure");
        await using var a = await Site.OpenAsync(1, store, time, random: new Random(3));
        await a.PullAsync(b);
        await a.Replica.RetireAsync([.. a.Replica.Vector], "retirement", default);
        await File.WriteAllLinesAsync(Path.Combine(target!, "identity-mutations.hex"), a.LogFrom(VersionVector.Empty).Select(m => Convert.ToHexStringLower(m.Encoded.Span)));
        await File.WriteAllLinesAsync(Path.Combine(target!, "identity-snapshot.hex"), a.Replica.TakeSnapshot().Encode(100).Select(chunk => Convert.ToHexStringLower(chunk.Span)));
    }
}
