using System.Text;
using Skerry.State.Storage.Redis;
using Skerry.TestKit.Seeds;

namespace Skerry.State.Tests.Storage;

public sealed class RespReaderTests
{
    private const string Whole = "*5\r\n$-1\r\n:-42\r\n+OK\r\n$5\r\na\r\nbc\r\n*2\r\n$0\r\n\r\n*-1\r\n-OOM no room\r\n";

    [Fact]
    public async Task Replies_are_read_however_they_are_cut()
    {
        await Chance.ForEachSeedAsync(200, async chance =>
        {
            var reader = new RespReader(new Dribble(Encoding.ASCII.GetBytes(Whole), chance));
            var value = await reader.ReadAsync(default);
            Assert.Equal((null, -42L, "OK", "a\r\nbc"), (value.Items![0].Bytes, value.Items[1].Number, value.Items[2].Text, value.Items[3].Text));
            Assert.Empty(value.Items[4].Items![0].Bytes!);
            Assert.Null(value.Items[4].Items![1].Items);
            Assert.Equal("OOM no room", (await reader.ReadAsync(default)).Error);
            await Assert.ThrowsAsync<IOException>(async () => await reader.ReadAsync(default));
        });
    }

    [Fact]
    public async Task What_is_no_reply_breaks_the_stream_and_nothing_else()
    {
        await Chance.ForEachSeedAsync(3000, async chance =>
        {
            var bytes = Encoding.ASCII.GetBytes(Whole);
            for (var i = chance.Below(4); i >= 0; i--) bytes[chance.Below(bytes.Length)] = (byte)chance.Below(256);
            var reader = new RespReader(new MemoryStream(bytes, 0, chance.Below(bytes.Length + 1)));
            await Assert.ThrowsAsync<IOException>(async () =>
            {
                while (true) await reader.ReadAsync(default);
            });
        });
    }

    [Theory]
    [InlineData("$99999999999\r\n")]
    [InlineData("*99999999\r\n")]
    [InlineData("*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n:1\r\n")]
    [InlineData("HTTP/1.1 400 Bad Request\r\n")]
    public async Task What_would_take_all_memory_or_speaks_another_protocol_is_refused(string text) =>
        await Assert.ThrowsAsync<IOException>(async () => await new RespReader(new MemoryStream(Encoding.ASCII.GetBytes(text))).ReadAsync(default));

    /// <summary>Gives few bytes at a time, as a network may.</summary>
    private sealed class Dribble(byte[] bytes, Chance chance) : MemoryStream(bytes)
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            base.ReadAsync(buffer[..Math.Min(buffer.Length, 1 + chance.Below(7))], cancellationToken);
    }
}
