namespace Skerry.Blocks.Nbd;

/// <summary>What a device can tell about its changes since earlier states, each under a name that clients select it by.</summary>
public interface IDirtyBitmaps
{
    /// <summary>The states to measure from, now; each a name of at most 255 characters.</summary>
    IReadOnlyList<string> Names { get; }

    /// <summary>
    /// Ranges that may differ from the named state, in order of their offsets; they may overlap, and reach beyond what was asked for.
    /// Everything in the part asked for that differs, and whose write completed before the call, is named.
    /// </summary>
    /// <exception cref="BlockException"><see cref="BlockError.NotFound"/> when the state is gone.</exception>
    IReadOnlyList<ChangedRange> Changed(string name, long offsetBytes, long lengthBytes);
}
