namespace Skerry.Movers.Native;

/// <summary>Whether the content of transfers is packed, to replicas that can unpack it.</summary>
public enum Packing
{
    /// <summary>While it makes a transfer quicker, or hardly slower: on a link that is the slowest part of it, which nearly all are.</summary>
    WhenQuicker = 0,

    /// <summary>Wherever it makes content shorter: the link's bytes are dearer than time and the cores.</summary>
    Always,

    Never,
}
