using System.Text;
using System.Text.Json;
using Skerry.Domain.Groups;
using Skerry.Movers.Native.Wire;

namespace Skerry.Movers.Tests.Groups;

public sealed class GroupWireTests
{
    [Fact]
    public void Marks_and_their_answers_are_read_as_they_were_frozen()
    {
        const string Mark = """{"cut_id":"0193f0a1b2c3deadbeef","number":4711,"taken_at":"2027-01-31T22:00:00+00:00"}""";
        var mark = JsonSerializer.Deserialize(Mark, MoverJson.Default.GroupMarkMessage)!;
        Assert.Equal(new GroupMarkMessage("0193f0a1b2c3deadbeef", 4711, new DateTimeOffset(2027, 1, 31, 22, 0, 0, TimeSpan.Zero)), mark);
        Assert.Equal(Mark, Encoding.UTF8.GetString(JsonSerializer.SerializeToUtf8Bytes(mark, MoverJson.Default.GroupMarkMessage)));
        const string Kept = """{"cut_id":"0193f0a1b2c3deadbeef","number":4711}""";
        Assert.Equal(new GroupMarkKeptMessage("0193f0a1b2c3deadbeef", 4711), JsonSerializer.Deserialize(Kept, MoverJson.Default.GroupMarkKeptMessage));
        Assert.Equal([55, 56], new[] { (int)FrameKind.GroupMark, (int)FrameKind.GroupMarkKept });
    }

    [Fact]
    public void A_cut_is_named_by_its_time_and_by_chance()
    {
        var at = new DateTimeOffset(2027, 1, 31, 22, 0, 0, 125, TimeSpan.Zero);
        var cut = Cut.New(at, "DEADBEEF-0000-4000-8000-000000000000");
        Assert.Equal($"{at.ToUnixTimeMilliseconds():x12}deadbeef", cut.Id);
        Assert.Equal(at, cut.TakenAt);
        Assert.Equal(cut, Cut.Parse(cut.Id));
        Assert.All((string[])["", "x", cut.Id + "0", cut.Id.ToUpperInvariant(), "ffffffffffffdeadbeef"], text => Assert.Null(Cut.Parse(text)));
    }
}
