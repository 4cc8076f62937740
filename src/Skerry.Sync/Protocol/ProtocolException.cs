namespace Skerry.Sync.Protocol;

/// <summary>The peer broke the protocol, or cannot be spoken with. The link is closed with <see cref="Code"/> and the message.</summary>
public sealed class ProtocolException(ByeCode code, string message, Exception? inner = null) : Exception(message, inner)
{
    public ByeCode Code { get; } = code;
}

/// <summary>Why one end closes a link. The numbers are on the wire.</summary>
public enum ByeCode : byte
{
    /// <summary>The site stops; it will be back.</summary>
    Stopping = 1,

    /// <summary>What came is not a frame of this protocol, or one that has no place here.</summary>
    Malformed = 2,

    /// <summary>No protocol version is spoken by both.</summary>
    Version = 3,

    /// <summary>The other end is a member of another cloud.</summary>
    ForeignCloud = 4,

    /// <summary>The other end says that it is another site than its certificate proves.</summary>
    WrongSite = 5,

    /// <summary>There is already a connection between the two, and that one stays.</summary>
    Duplicate = 6,

    /// <summary>Nothing was heard for too long.</summary>
    Silent = 7,

    /// <summary>The link was taken down by hand, or the site is fenced.</summary>
    NotAllowed = 8,

    /// <summary>The end that closes cannot go on; its log says why.</summary>
    Failed = 9,

    /// <summary>What came was not made by the site whose name it bears.</summary>
    Forged = 10,
}
