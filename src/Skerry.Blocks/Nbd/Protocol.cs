namespace Skerry.Blocks.Nbd;

/// <summary>
/// Numbers of the NBD protocol, all big-endian on the wire. Source: doc/proto.md of the NetworkBlockDevice project.
/// </summary>
internal static class Protocol
{
    /// <summary>"NBDMAGIC", the server's first word.</summary>
    public const ulong InitMagic = 0x4e42444d41474943;

    /// <summary>"IHAVEOPT", the server's second word and the start of every option.</summary>
    public const ulong OptionMagic = 0x49484156454F5054;

    public const ulong OptionReplyMagic = 0x3e889045565a9;
    public const uint RequestMagic = 0x25609513;
    public const uint SimpleReplyMagic = 0x67446698;
    public const uint StructuredReplyMagic = 0x668e33ef;

    public const int OptionHeaderBytes = 16;
    public const int OptionReplyHeaderBytes = 20;
    public const int RequestHeaderBytes = 28;
    public const int SimpleReplyBytes = 16;
    public const int ChunkHeaderBytes = 20;

    /// <summary>A data chunk's header and its 64-bit offset.</summary>
    public const int DataChunkHeaderBytes = ChunkHeaderBytes + 8;

    /// <summary>A whole hole chunk: header, 64-bit offset, 32-bit length.</summary>
    public const int HoleChunkBytes = ChunkHeaderBytes + 12;

    /// <summary>The protocol's limit for any string.</summary>
    public const int MaxStringBytes = 4096;

    /// <summary>What every client may count on, and what this server advertises.</summary>
    public const uint MaxPayloadBytes = 32u << 20;
}

[Flags]
internal enum HandshakeFlags : ushort
{
    FixedNewstyle = 1,
    NoZeroes = 2,
}

internal enum OptionKind : uint
{
    ExportName = 1,
    Abort = 2,
    List = 3,
    StartTls = 5,
    Info = 6,
    Go = 7,
    StructuredReply = 8,
    ListMetaContext = 9,
    SetMetaContext = 10,
}

internal enum OptionReply : uint
{
    Ack = 1,
    Server = 2,
    Info = 3,
    MetaContext = 4,
    Unsupported = 0x8000_0001,
    Policy = 0x8000_0002,
    Invalid = 0x8000_0003,
    TlsRequired = 0x8000_0005,
    Unknown = 0x8000_0006,
    Shutdown = 0x8000_0007,
    TooBig = 0x8000_0009,
}

internal enum InfoKind : ushort
{
    Export = 0,
    Name = 1,
    Description = 2,
    BlockSize = 3,
}

[Flags]
internal enum TransmissionFlags : ushort
{
    HasFlags = 1 << 0,
    ReadOnly = 1 << 1,
    SendFlush = 1 << 2,
    SendFua = 1 << 3,
    SendTrim = 1 << 5,
    SendWriteZeroes = 1 << 6,
    SendDontFragment = 1 << 7,
    CanMultiConn = 1 << 8,
    SendCache = 1 << 10,
    SendFastZero = 1 << 11,
}

internal enum Command : ushort
{
    Read = 0,
    Write = 1,
    Disconnect = 2,
    Flush = 3,
    Trim = 4,
    Cache = 5,
    WriteZeroes = 6,
    BlockStatus = 7,
}

[Flags]
internal enum CommandFlags : ushort
{
    None = 0,
    Fua = 1 << 0,
    NoHole = 1 << 1,
    DontFragment = 1 << 2,
    ReqOne = 1 << 3,
    FastZero = 1 << 4,
}

internal enum ChunkKind : ushort
{
    None = 0,
    OffsetData = 1,
    OffsetHole = 2,
    BlockStatus = 5,
    Error = 0x8001,
}

[Flags]
internal enum AllocationState : uint
{
    Allocated = 0,
    Hole = 1,
    Zero = 2,
}

/// <summary>The error values that the protocol allows in a reply.</summary>
internal enum NbdError : uint
{
    None = 0,
    NotPermitted = 1,
    Io = 5,
    Invalid = 22,
    NoSpace = 28,
    Overflow = 75,
    NotSupported = 95,
    Shutdown = 108,
}
