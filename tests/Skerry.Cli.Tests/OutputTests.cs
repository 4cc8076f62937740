using System.Text.Json.Nodes;
using static Skerry.Cli.Tests.Samples;

namespace Skerry.Cli.Tests;

public sealed class OutputTests
{
    private static FakeSite TwoVolumes() => new FakeSite().On(
        "GET /skerry/v1/volumes", Volumes(AVolume(), AVolume(OtherId, "Straße", "in-use")));

    [Fact]
    public async Task A_table_shows_the_brief_columns_without_colours_or_cuts()
    {
        var run = await CommandRun.Of(TwoVolumes(), "volume", "list");
        Assert.Equal(0, run.ExitCode);
        Assert.Contains("| Name", run.Out);
        Assert.Contains(VolumeId, run.Out);
        Assert.Contains("Straße", run.Out);
        Assert.DoesNotContain("\u001b", run.Out);
        Assert.DoesNotContain("allocated", run.Out, StringComparison.OrdinalIgnoreCase);
        Assert.Equal("", run.Error);
    }

    [Fact]
    public async Task Two_columns_that_differ_by_their_unit_alone_keep_it_in_their_titles()
    {
        var site = new FakeSite().On("GET /skerry/v1/replications", Replications(AReplication("active - secondary", lagBytes: 2048)));
        var run = await CommandRun.Of(site, "replication", "list");
        Assert.Contains("| Lag bytes | Lag seconds |", run.Out);
        Assert.Contains("| 2.00 KiB  | 250 ms ", run.Out);
    }

    [Fact]
    public async Task Json_prints_whole_records_with_raw_numbers_and_nulls()
    {
        var list = Parse((await CommandRun.Of(TwoVolumes(), "volume", "list", "-f", "json")).Out).AsArray();
        Assert.Equal(2, list.Count);
        var volume = list[0]!.AsObject();
        Assert.Equal(3_221_225_472, (long)volume["allocated_bytes"]!);
        Assert.Equal("gold", (string)volume["metadata"]!["tier"]!);
        Assert.True(volume.ContainsKey("source_volume_id"));
        Assert.Null(volume["source_volume_id"]);
    }

    [Fact]
    public async Task Chosen_columns_are_flat_and_in_the_order_asked_for()
    {
        var run = await CommandRun.Of(TwoVolumes(), "volume", "list", "-f", "json", "-c", "status", "-c", "ID");
        Assert.Equal(["status", "id"], Parse(run.Out)[0]!.AsObject().Select(p => p.Key));
    }

    [Fact]
    public async Task Value_prints_a_row_per_record_and_a_line_per_column_of_one()
    {
        var list = await CommandRun.Of(TwoVolumes(), "volume", "list", "-f", "value", "-c", "name", "-c", "size_gib");
        Assert.Equal(["data 2", "Straße 2"], list.Lines);
        var site = new FakeSite().On($"GET /skerry/v1/volumes/{VolumeId}", Reply(AVolume()));
        var one = await CommandRun.Of(site, "volume", "show", VolumeId, "-f", "value", "-c", "status", "-c", "allocated-bytes");
        Assert.Equal(["available", "3221225472"], one.Lines);
    }

    [Fact]
    public async Task Yaml_quotes_what_would_read_as_another_type()
    {
        var site = new FakeSite().On("GET /skerry/v1/volumes", Volumes(AVolume(name: "no"), AVolume(OtherId, "2026-11-21")));
        var run = await CommandRun.Of(site, "volume", "list", "-f", "yaml", "-c", "name", "-c", "size_gib", "-c", "metadata");
        Assert.Contains("name: \"no\"", run.Out);
        Assert.Contains("name: \"2026-11-21\"", run.Out);
        Assert.Contains("size_gib: 2", run.Out);
        Assert.Contains("tier: gold", run.Out);
    }

    [Fact]
    public async Task An_unknown_column_is_a_usage_error_that_lists_the_columns_and_prints_no_data()
    {
        var run = await CommandRun.Of(TwoVolumes(), "volume", "list", "-c", "colour");
        Assert.Equal(2, run.ExitCode);
        Assert.Equal("", run.Out);
        Assert.Contains("size_gib", run.Error);
    }

    [Fact]
    public async Task An_empty_list_is_an_empty_list_in_every_format()
    {
        static FakeSite Empty() => new FakeSite().On("GET /skerry/v1/volumes", Volumes());
        Assert.Equal("[]", (await CommandRun.Of(Empty(), "volume", "list", "-f", "json")).Out.Trim());
        Assert.Equal("[]", (await CommandRun.Of(Empty(), "volume", "list", "-f", "yaml")).Out.Trim());
        Assert.Equal("", (await CommandRun.Of(Empty(), "volume", "list", "-f", "value")).Out);
        Assert.Equal(0, (await CommandRun.Of(Empty(), "volume", "list")).ExitCode);
    }

    [Fact]
    public async Task All_pages_of_a_list_are_read()
    {
        var first = new JsonObject
        {
            ["volumes"] = Parse(Volumes(AVolume()))["volumes"]!.DeepClone(),
            ["links"] = new JsonArray(new JsonObject { ["rel"] = "next", ["href"] = "http://elsewhere/skerry/v1/volumes?marker=x" }),
        };
        var site = new FakeSite()
            .On("GET /skerry/v1/volumes", first.ToJsonString())
            .On("GET /skerry/v1/volumes?marker=x", Volumes(AVolume(OtherId, "second")));
        var run = await CommandRun.Of(site, "volume", "list", "-f", "value", "-c", "name");
        Assert.Equal(["data", "second"], run.Lines);
        Assert.All(site.Requests, r => Assert.StartsWith("GET http://north.test:8776/", r));
    }

    [Theory]
    [InlineData(0, "0 B")]
    [InlineData(1023, "1023 B")]
    [InlineData(1536, "1.50 KiB")]
    [InlineData(3_221_225_472, "3.00 GiB")]
    [InlineData(-2048, "-2.00 KiB")]
    public void Bytes_are_rounded_for_people(long bytes, string text) => Assert.Equal(text, Output.Quantity.Bytes(bytes));

    [Theory]
    [InlineData(0, "0 s")]
    [InlineData(0.25, "250 ms")]
    [InlineData(59.5, "59.5 s")]
    [InlineData(61, "1 min 1 s")]
    [InlineData(3660, "1 h 1 min")]
    [InlineData(90000, "1 d 1 h")]
    [InlineData(-2, "-2 s")]
    public void Times_are_rounded_for_people(double seconds, string text) => Assert.Equal(text, Output.Quantity.Seconds(seconds));
}
