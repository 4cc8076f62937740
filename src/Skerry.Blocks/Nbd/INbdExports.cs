namespace Skerry.Blocks.Nbd;

/// <summary>Decides which names a client may open, and opens them. Called from many connections at once.</summary>
/// <remarks>
/// The name is the authorisation, or what the peer proved by its certificate, or both. A name that holds a secret is compared in
/// constant time and never logged. All
/// connections to one volume must be handed the same <see cref="IBlockDevice"/>: the server promises its clients
/// (NBD_FLAG_CAN_MULTI_CONN) that a flush on one connection covers the writes of all.
/// </remarks>
public interface INbdExports
{
    /// <summary>
    /// Opens the export that a client names; null when there is none, whatever the reason, so that a guess learns nothing. The
    /// export is disposed when its connection has ended and nothing of it is in flight.
    /// </summary>
    ValueTask<NbdExport?> OpenAsync(string exportName, NbdPeer peer, CancellationToken cancellationToken);

    /// <summary>What NBD_OPT_LIST may tell this client. Names are secrets, so unless overridden it is nothing.</summary>
    ValueTask<IReadOnlyList<NbdListing>> ListAsync(NbdPeer peer, CancellationToken cancellationToken) => new([]);
}

/// <summary>One line of an answer to NBD_OPT_LIST.</summary>
/// <param name="Name">What a client names to open it; at most 4096 bytes of UTF-8.</param>
/// <param name="Description">For people to read.</param>
public sealed record NbdListing(string Name, string? Description = null);
