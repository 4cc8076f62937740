using System.Buffers.Text;
using System.Text;

namespace Skerry.State.Storage.Redis;

/// <summary>Reads replies off a stream. What is no reply, or larger than a Redis can hold, is a broken stream.</summary>
internal sealed class RespReader(Stream stream)
{
    /// <summary>Redis's own bound of one text (proto-max-bulk-len).</summary>
    private const int MostBytes = 512 << 20;

    private const int MostItems = 1 << 20;
    private const int MostDepth = 8;
    private const int LongestLine = 64 << 10;
    private const int FirstBytes = 1 << 20;

    private readonly byte[] _buffer = new byte[LongestLine];
    private int _start;
    private int _end;

    /// <exception cref="IOException">The stream ended, or holds something else.</exception>
    public ValueTask<RespValue> ReadAsync(CancellationToken cancellationToken) => ReadAsync(0, cancellationToken);

    private async ValueTask<RespValue> ReadAsync(int depth, CancellationToken cancellationToken)
    {
        var line = await ReadLineAsync(cancellationToken);
        if (line.Length == 0 || depth > MostDepth) throw Broken();
        switch ((char)line.Span[0])
        {
            case '+':
                return RespValue.Of(line[1..].ToArray());
            case '-':
                return RespValue.OfError(Encoding.UTF8.GetString(line.Span[1..]));
            case ':':
                return RespValue.Of(NumberOf(line));
            case '$':
                var length = NumberOf(line);
                if (length == -1) return RespValue.Null;
                return RespValue.Of(await ReadBytesAsync(length is >= 0 and <= MostBytes ? (int)length : throw Broken(), cancellationToken));
            case '*':
                var count = NumberOf(line);
                if (count == -1) return RespValue.Null;
                if (count is < 0 or > MostItems) throw Broken();
                var items = new List<RespValue>();
                for (var i = 0; i < count; i++) items.Add(await ReadAsync(depth + 1, cancellationToken));
                return RespValue.Of(items);
            default:
                throw Broken();
        }
    }

    private static long NumberOf(ReadOnlyMemory<byte> line) =>
        Utf8Parser.TryParse(line.Span[1..], out long number, out var used) && used == line.Length - 1 ? number : throw Broken();

    /// <summary>Good until the next read.</summary>
    private async ValueTask<ReadOnlyMemory<byte>> ReadLineAsync(CancellationToken cancellationToken)
    {
        var looked = 0;
        while (true)
        {
            var at = _buffer.AsSpan(_start + looked, _end - _start - looked).IndexOf("\r\n"u8);
            if (at >= 0)
            {
                var line = _buffer.AsMemory(_start, looked + at);
                _start += looked + at + 2;
                return line;
            }

            looked = Math.Max(0, _end - _start - 1);
            if (_start > 0)
            {
                _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
                (_start, _end) = (0, _end - _start);
            }

            if (_end == _buffer.Length) throw Broken();
            var read = await stream.ReadAsync(_buffer.AsMemory(_end), cancellationToken);
            _end += read > 0 ? read : throw new IOException("the server closed the connection");
        }
    }

    private async ValueTask<byte[]> ReadBytesAsync(int length, CancellationToken cancellationToken)
    {
        // What is claimed takes memory only as it arrives.
        var bytes = new byte[Math.Min(length, FirstBytes)];
        var have = Math.Min(bytes.Length, _end - _start);
        _buffer.AsSpan(_start, have).CopyTo(bytes);
        _start += have;
        try
        {
            while (true)
            {
                await stream.ReadExactlyAsync(bytes.AsMemory(have), cancellationToken);
                have = bytes.Length;
                if (have == length) break;
                Array.Resize(ref bytes, (int)Math.Min(length, have * 4L));
            }
        }
        catch (EndOfStreamException ended)
        {
            throw new IOException("the server closed the connection", ended);
        }

        if ((await ReadLineAsync(cancellationToken)).Length != 0) throw Broken();
        return bytes;
    }

    private static IOException Broken() => new("what answers there does not speak Redis's protocol");
}
