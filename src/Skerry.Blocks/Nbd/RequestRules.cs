namespace Skerry.Blocks.Nbd;

/// <summary>Why a request is not carried out; <see cref="NbdError.None"/> when it may be.</summary>
internal readonly record struct Refusal(NbdError Error, string Message)
{
    public bool IsNone => Error == NbdError.None;
}

/// <summary>What was agreed in the handshake, as far as it decides which requests are legal.</summary>
internal readonly record struct Agreement(bool StructuredReplies, IReadOnlyList<MetaContext.Selected> Contexts);

/// <summary>Which requests may reach the device. The error values are those that the protocol asks for in each case.</summary>
internal static class RequestRules
{
    public static Refusal Check(in RequestHeader header, Agreement agreed, long sizeBytes, bool refusesWrites)
    {
        bool outside = header.OffsetBytes > (ulong)sizeBytes || header.LengthBytes > (ulong)sizeBytes - header.OffsetBytes;
        if ((header.Flags & ~Allowed(header.Command, agreed)) != 0)
        {
            return new(NbdError.Invalid, "The request has a flag that this command does not take.");
        }

        switch (header.Command)
        {
            case Command.Read when header.LengthBytes > Protocol.MaxPayloadBytes:
                return new(agreed.StructuredReplies ? NbdError.Overflow : NbdError.Invalid, "Reads are limited to 32 MiB; split the request.");
            case Command.Write when header.LengthBytes > Protocol.MaxPayloadBytes:
                return new(NbdError.Invalid, "Writes are limited to 32 MiB; split the request.");
            case Command.Write or Command.WriteZeroes or Command.Trim when refusesWrites:
                return new(NbdError.NotPermitted, "The export is read-only.");
            case Command.Write or Command.WriteZeroes when outside:
                return new(NbdError.NoSpace, "The write ends beyond the end of the export.");
            case Command.Read or Command.Trim or Command.Cache or Command.BlockStatus when outside:
                return new(NbdError.Invalid, "The range ends beyond the end of the export.");
            case Command.BlockStatus when agreed.Contexts.Count == 0:
                return new(NbdError.Invalid, "Block status needs a context such as base:allocation, selected by NBD_OPT_SET_META_CONTEXT for this export.");
            case Command.BlockStatus when header.LengthBytes == 0:
                return new(NbdError.Invalid, "Block status of an empty range was asked for.");
            case Command.Flush when header.OffsetBytes != 0 || header.LengthBytes != 0:
                return new(NbdError.Invalid, "A flush has no range; offset and length must be zero.");
            case Command.WriteZeroes when (header.Flags & (CommandFlags.FastZero | CommandFlags.NoHole)) == (CommandFlags.FastZero | CommandFlags.NoHole):
                // Zeroes that must stay allocated are written like data; zeroes that need not are an entry in the map.
                return new(NbdError.NotSupported, "Allocated zeroes are no faster than a write.");
            case > Command.BlockStatus:
                return new(NbdError.Invalid, "The command is not known to this server.");
            default:
                return default;
        }
    }

    private static CommandFlags Allowed(Command command, Agreement agreed) => command switch
    {
        Command.Read => agreed.StructuredReplies ? CommandFlags.Fua | CommandFlags.DontFragment : CommandFlags.Fua,
        Command.WriteZeroes => CommandFlags.Fua | CommandFlags.NoHole | CommandFlags.FastZero,
        Command.BlockStatus => CommandFlags.Fua | CommandFlags.ReqOne,
        // The protocol has servers take FUA on every command, since clients are known to send it.
        _ => CommandFlags.Fua,
    };
}
