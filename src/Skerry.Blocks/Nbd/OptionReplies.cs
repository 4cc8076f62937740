using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace Skerry.Blocks.Nbd;

/// <summary>Gathers the replies to one option and sends them together.</summary>
internal sealed class OptionReplies(ClientSocket socket)
{
    private readonly ArrayBufferWriter<byte> _bytes = new();
    private uint _option;

    public void Begin(uint option)
    {
        _option = option;
        _bytes.ResetWrittenCount();
    }

    public void AddExport(long sizeBytes, TransmissionFlags flags)
    {
        Span<byte> info = Add(OptionReply.Info, 12);
        BinaryPrimitives.WriteUInt16BigEndian(info, (ushort)InfoKind.Export);
        BinaryPrimitives.WriteInt64BigEndian(info[2..], sizeBytes);
        BinaryPrimitives.WriteUInt16BigEndian(info[10..], (ushort)flags);
    }

    public void AddBlockSize(uint minimumBytes, uint preferredBytes, uint maximumPayloadBytes)
    {
        Span<byte> info = Add(OptionReply.Info, 14);
        BinaryPrimitives.WriteUInt16BigEndian(info, (ushort)InfoKind.BlockSize);
        BinaryPrimitives.WriteUInt32BigEndian(info[2..], minimumBytes);
        BinaryPrimitives.WriteUInt32BigEndian(info[6..], preferredBytes);
        BinaryPrimitives.WriteUInt32BigEndian(info[10..], maximumPayloadBytes);
    }

    public void AddInfo(InfoKind kind, string text)
    {
        byte[] utf8 = Utf8(text);
        Span<byte> info = Add(OptionReply.Info, 2 + utf8.Length);
        BinaryPrimitives.WriteUInt16BigEndian(info, (ushort)kind);
        utf8.CopyTo(info[2..]);
    }

    public void AddServer(NbdListing listing)
    {
        byte[] name = Utf8(listing.Name);
        byte[] description = Utf8(listing.Description ?? "");
        Span<byte> server = Add(OptionReply.Server, 4 + name.Length + description.Length);
        BinaryPrimitives.WriteInt32BigEndian(server, name.Length);
        name.CopyTo(server[4..]);
        description.CopyTo(server[(4 + name.Length)..]);
    }

    public void AddMetaContext(uint id, string name)
    {
        byte[] utf8 = Utf8(name);
        Span<byte> context = Add(OptionReply.MetaContext, 4 + utf8.Length);
        BinaryPrimitives.WriteUInt32BigEndian(context, id);
        utf8.CopyTo(context[4..]);
    }

    /// <summary>Ends the option with this reply and sends all; false when the client has ended.</summary>
    public bool Send(OptionReply last, string message = "")
    {
        byte[] utf8 = Utf8(message);
        utf8.CopyTo(Add(last, utf8.Length));
        return socket.Send(_bytes.WrittenSpan);
    }

    private static byte[] Utf8(string text)
    {
        byte[] utf8 = Encoding.UTF8.GetBytes(text);
        return utf8.Length <= Protocol.MaxStringBytes ? utf8 : utf8[..Protocol.MaxStringBytes];
    }

    private Span<byte> Add(OptionReply kind, int dataBytes)
    {
        Span<byte> reply = _bytes.GetSpan(Protocol.OptionReplyHeaderBytes + dataBytes);
        BinaryPrimitives.WriteUInt64BigEndian(reply, Protocol.OptionReplyMagic);
        BinaryPrimitives.WriteUInt32BigEndian(reply[8..], _option);
        BinaryPrimitives.WriteUInt32BigEndian(reply[12..], (uint)kind);
        BinaryPrimitives.WriteInt32BigEndian(reply[16..], dataBytes);
        _bytes.Advance(Protocol.OptionReplyHeaderBytes + dataBytes);
        return reply.Slice(Protocol.OptionReplyHeaderBytes, dataBytes);
    }
}
