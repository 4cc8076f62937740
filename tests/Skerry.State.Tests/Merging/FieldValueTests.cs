using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Skerry.State.Merging;

namespace Skerry.State.Tests.Merging;

public sealed partial class FieldValueTests
{
    [Theory]
    [InlineData("""{ "b" : 1, "a" : [ true, null, "x" ] }""", """{"a":[true,null,"x"],"b":1}""")]
    [InlineData("""{"a":1,"a":2}""", """{"a":2}""")]
    [InlineData("\"\\u00fc<\"", "\"ü<\"")]
    [InlineData("1.50", "1.50")]
    public void Json_has_one_form(string json, string canonical) => Assert.Equal(canonical, FieldValue.FromJson(json).ToString());

    [Fact]
    public void Values_read_back()
    {
        Assert.Equal("a\n\"b\" ü", FieldValue.FromString("a\n\"b\" ü").AsString());
        Assert.Equal(long.MinValue, FieldValue.From(long.MinValue).AsInt64());
        Assert.True(FieldValue.From(true).AsBoolean());
        Assert.Null(FieldValue.Null.AsString());
        Assert.True(default(FieldValue).IsNull);
        Assert.Equal(FieldValue.FromJson("null"), FieldValue.FromString(null));
        Assert.Equal(FieldValue.FromJson(" 7"), FieldValue.From(7));
        var spec = new Spec(3, "z");
        Assert.Equal(spec, FieldValue.Serialize(spec, SpecJson.Default.Spec).Deserialize(SpecJson.Default.Spec));
    }

    [Fact]
    public void What_is_not_json_is_refused()
    {
        Assert.ThrowsAny<JsonException>(() => FieldValue.FromJson("{"));
        Assert.ThrowsAny<JsonException>(() => FieldValue.Check("1 2"u8));
        Assert.ThrowsAny<JsonException>(() => FieldValue.Check([]));
        foreach (var text in new[] { "\"", "\"a", "a\"", "\"a\"b\"", "\"\\\"", "\"\n\"" }) Assert.ThrowsAny<JsonException>(() => FieldValue.Check(Encoding.UTF8.GetBytes(text)));
        foreach (var text in new[] { "\"\"", "\"a b\"", "\"\\n\"", "\"\u00fc\"", "{\"a\":1}" }) FieldValue.Check(Encoding.UTF8.GetBytes(text));
        Assert.Throws<InvalidOperationException>(() => FieldValue.From(1).AsString());
    }

    internal sealed record Spec(int Size, string Name);

    [JsonSerializable(typeof(Spec))]
    private sealed partial class SpecJson : JsonSerializerContext;
}
