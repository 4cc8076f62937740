using System.Text;
using System.Text.Json;
using Skerry.Blocks;
using Skerry.Movers.Native;
using Skerry.Movers.Native.Wire;

namespace Skerry.Movers.Tests.Native;

/// <summary>The bytes of version 1, as docs/formats/mover.md has them; sites of other versions depend on each.</summary>
public sealed class WireFormatTests
{
    private const string WritesHex =
        "09BAABF677020000000000000088776655443322110B00000000000000020000"
        + "000B00000000000000001000000000000004000000000000000004000000DEAD"
        + "BEEF0C00000000000000002000000000000000100000000000000200000000";

    private static readonly RunStart Run = new(2, 0x1122334455667788, 11);

    [Fact]
    public void Writes_are_read_as_they_were_frozen()
    {
        using var built = WritesFrame.Build(
            Run,
            [
                new NumberedWrite(11, 4096, 4, new byte[] { 0xDE, 0xAD, 0xBE, 0xEF }, WriteKind.Data),
                new NumberedWrite(12, 8192, 4096, default, WriteKind.Trim),
            ]);
        Assert.Equal(WritesHex, Convert.ToHexString(built.Written.Span));
        var (run, writes) = WritesFrame.Read(new Frame(FrameKind.Writes, Convert.FromHexString(WritesHex).AsMemory(1)));
        Assert.Equal(Run, run);
        Assert.Equal([11L, 12L], writes.Select(w => w.Number));
        Assert.Equal("DEADBEEF", Convert.ToHexString(writes[0].Data.Span));
        Assert.Equal(WriteKind.Trim, writes[1].Kind);
    }

    [Fact]
    public void A_frame_with_any_byte_changed_is_refused()
    {
        using var built = WritesFrame.Build(Run, [new NumberedWrite(11, 4096, 4, new byte[] { 1, 2, 3, 4 }, WriteKind.Data)]);
        for (var at = 1; at < built.Written.Length; at++)
        {
            var bytes = built.Written.ToArray();
            bytes[at] ^= 0x10;
            Assert.Throws<MoverProtocolException>(() => WritesFrame.Read(new Frame(FrameKind.Writes, bytes.AsMemory(1))));
            Assert.Throws<MoverProtocolException>(() => WritesFrame.Read(new Frame(FrameKind.Writes, built.Written[1..at])));
        }
    }

    [Fact]
    public void A_state_is_read_as_it_was_frozen()
    {
        const string Json =
            """{"lineage":{"runs":[{"generation":1,"run_id":"00000000000000ff","first_number":1},{"generation":2,"run_id":"1122334455667788","first_number":11}],"last_number":12},"size_bytes":8388608,"is_whole":true,"durable_number":12,"catch_up":{"lineage":{"runs":[],"last_number":0},"from":7,"compare":true,"offset_bytes":4096}}""";
        var state = JsonSerializer.Deserialize(Json, MoverJson.Default.StateMessage)!;
        Assert.Equal(new Lineage([new RunStart(1, 255, 1), Run], 12), state.Lineage.ToLineage());
        Assert.Equal(new CatchUpDocument(state.CatchUp!.Lineage, 7, true, 4096), state.CatchUp);
        Assert.Equal(Json, Encoding.UTF8.GetString(JsonSerializer.SerializeToUtf8Bytes(state, MoverJson.Default.StateMessage)));
    }

    [Fact]
    public void A_snapshot_to_make_and_what_is_known_of_snapshots_are_read_as_they_were_frozen()
    {
        const string Made = """{"id":"11111111-2222-4333-8444-555555555555","lineage":{"runs":[],"last_number":0}}""";
        var made = JsonSerializer.Deserialize(Made, MoverJson.Default.MakeSnapshotMessage)!;
        Assert.Equal(Lineage.Empty, made.Lineage.ToLineage());
        Assert.Equal(Made, Encoding.UTF8.GetString(JsonSerializer.SerializeToUtf8Bytes(made, MoverJson.Default.MakeSnapshotMessage)));
        const string Hello =
            """{"version":1,"replication_id":"r","volume_id":"v","generation":1,"generation_id":"g","size_bytes":4096,"features":["snapshots","unheard-of"]}""";
        Assert.Contains(TravellingSnapshots.Feature, JsonSerializer.Deserialize(Hello, MoverJson.Default.HelloMessage)!.Features!);
    }

    [Fact]
    public void Digests_name_each_block_and_the_short_one_at_the_disks_end()
    {
        ByteRange[] ranges = [new(0, 8192, false), new(40_960, 512, false)];
        using var built = DigestsFrame.Build(ranges, new byte[3 * 32]);
        var (read, digests) = DigestsFrame.Read(new Frame(FrameKind.Digests, built.Written[1..].ToArray()));
        Assert.Equal(ranges, read);
        Assert.Equal(96, digests.Length);
        Assert.Equal([4096L, 4096L, 512L], DigestsFrame.Blocks(read).Select(b => b.LengthBytes));
        using var wrong = DigestsFrame.Build(ranges, new byte[2 * 32]);
        Assert.Throws<MoverProtocolException>(() => DigestsFrame.Read(new Frame(FrameKind.Digests, wrong.Written[1..].ToArray())));
    }

    [Fact]
    public void Checksums_are_crc_32c() => Assert.Equal(0xE3069283u, Checksum.Of("123456789"u8));
}
