namespace Skerry.Blocks.Nbd;

/// <summary>How a fault of the device is told to a client. The words are fixed: a fault's own message may name files of the host.</summary>
internal static class DeviceFault
{
    public static Refusal Tell(Exception fault) => fault switch
    {
        BlockException { Error: BlockError.OutOfRange } => new(NbdError.Invalid, "The range is outside the volume."),
        BlockException { Error: BlockError.ReadOnly } => new(NbdError.NotPermitted, "The volume takes no writes now."),
        BlockException { Error: BlockError.NoSpace } => new(NbdError.NoSpace, "The volume's backend is full; free space there and write again."),
        BlockException { Error: BlockError.NotFound } => new(NbdError.Invalid, "The snapshot that was measured from is no longer there; reconnect and choose another."),
        BlockException { Error: BlockError.Corrupt } => new(NbdError.Io, "A stored block of this range is damaged; the site's log names it."),
        BlockException { Error: BlockError.Closed } => new(NbdError.Shutdown, "The volume was closed; connect to where it is primary now."),
        BlockException { Error: BlockError.Locked } => new(NbdError.NotPermitted, "The volume is encrypted, and its key is not at this site."),
        OperationCanceledException => new(NbdError.Shutdown, "The connection is being closed."),
        _ => new(NbdError.Io, "The volume's storage failed; the site's log says how."),
    };

    /// <summary>False for what a client brings on itself or an operator did on purpose.</summary>
    public static bool IsWorthReporting(Exception fault) => fault is not (
        OperationCanceledException
        or BlockException { Error: BlockError.OutOfRange or BlockError.ReadOnly or BlockError.Closed or BlockError.NotFound });
}
