using System.Buffers.Binary;
using System.Text;

namespace Skerry.Blocks.Nbd;

/// <summary>The payloads of options. A parser is false for anything that is not exactly of the form, and never throws.</summary>
internal static class OptionData
{
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>An export name as the whole payload.</summary>
    public static bool TryDecode(ReadOnlySpan<byte> bytes, out string text)
    {
        text = "";
        if (bytes.Length > Protocol.MaxStringBytes)
        {
            return false;
        }

        try
        {
            text = Strict.GetString(bytes);
            return true;
        }
        catch (DecoderFallbackException)
        {
            return false;
        }
    }

    /// <summary>NBD_OPT_INFO and NBD_OPT_GO: name, count, and that many kinds of information; unknown kinds are passed over.</summary>
    public static bool TryParseInfo(ReadOnlySpan<byte> data, out string name, out HashSet<InfoKind> asked)
    {
        asked = [];
        if (!TryTakeString(ref data, out name) || data.Length < 2)
        {
            return false;
        }

        int count = BinaryPrimitives.ReadUInt16BigEndian(data);
        data = data[2..];
        if (data.Length != 2 * count)
        {
            return false;
        }

        for (; !data.IsEmpty; data = data[2..])
        {
            asked.Add((InfoKind)BinaryPrimitives.ReadUInt16BigEndian(data));
        }

        return true;
    }

    /// <summary>The two META_CONTEXT options: name, count, and that many queries.</summary>
    public static bool TryParseContexts(ReadOnlySpan<byte> data, out string name, out List<string> queries)
    {
        queries = [];
        if (!TryTakeString(ref data, out name) || data.Length < 4)
        {
            return false;
        }

        uint count = BinaryPrimitives.ReadUInt32BigEndian(data);
        data = data[4..];
        for (uint i = 0; i < count; i++)
        {
            if (!TryTakeString(ref data, out string query))
            {
                return false;
            }

            queries.Add(query);
        }

        return data.IsEmpty;
    }

    private static bool TryTakeString(ref ReadOnlySpan<byte> data, out string text)
    {
        text = "";
        if (data.Length < 4)
        {
            return false;
        }

        uint bytes = BinaryPrimitives.ReadUInt32BigEndian(data);
        if (bytes > data.Length - 4 || !TryDecode(data.Slice(4, (int)bytes), out text))
        {
            return false;
        }

        data = data[(4 + (int)bytes)..];
        return true;
    }
}
