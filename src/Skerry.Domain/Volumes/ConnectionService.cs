#pragma warning disable CS9113 // The bodies follow.
namespace Skerry.Domain.Volumes;

/// <summary>
/// Lets clients open volumes over NBD, and keeps the books of attachments. Both are done at the volume's owner, which serves the
/// blocks; another site refuses and says where to ask.
/// </summary>
public sealed class ConnectionService(SiteContext site, ExportRegistry exports, INbdAddress address)
{
    /// <summary>
    /// Makes a connection of its own for each call. The secret in the answer is told once and kept nowhere; the volume is in use
    /// while a connection that may write exists.
    /// </summary>
    public ValueTask<Outcome<ConnectionGrant>> ConnectAsync(Actor actor, ConnectRequest request, CancellationToken cancellationToken) =>
        throw new NotImplementedException();

    /// <summary>Connections of a volume, oldest first.</summary>
    public Outcome<IReadOnlyList<Connection>> List(Actor actor, string volumeId) => throw new NotImplementedException();

    /// <summary>Ends a connection: its secret opens nothing any more, and what is open is closed within a second.</summary>
    /// <param name="actor">Who asks.</param>
    /// <param name="volumeId">The volume.</param>
    /// <param name="connectionId">One connection; null ends all of the volume.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>How many were ended.</returns>
    public ValueTask<Outcome<int>> DisconnectAsync(
        Actor actor, string volumeId, string? connectionId, CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>Cinder's os-reserve: available becomes attaching.</summary>
    public ValueTask<Outcome<Volume>> ReserveAsync(Actor actor, string volumeId, CancellationToken cancellationToken) =>
        throw new NotImplementedException();

    /// <summary>Cinder's os-unreserve: attaching becomes available.</summary>
    public ValueTask<Outcome<Volume>> UnreserveAsync(Actor actor, string volumeId, CancellationToken cancellationToken) =>
        throw new NotImplementedException();

    /// <summary>Cinder's os-attach: writes down who has it.</summary>
    public ValueTask<Outcome<Attachment>> AttachAsync(Actor actor, AttachRequest request, CancellationToken cancellationToken) =>
        throw new NotImplementedException();

    /// <summary>Cinder's os-begin_detaching: in-use becomes detaching.</summary>
    public ValueTask<Outcome<Volume>> BeginDetachingAsync(Actor actor, string volumeId, CancellationToken cancellationToken) =>
        throw new NotImplementedException();

    /// <summary>Cinder's os-roll_detaching: detaching becomes in-use.</summary>
    public ValueTask<Outcome<Volume>> RollDetachingAsync(Actor actor, string volumeId, CancellationToken cancellationToken) =>
        throw new NotImplementedException();

    /// <summary>Cinder's os-detach. Null takes the only attachment there is.</summary>
    public ValueTask<Outcome<Unit>> DetachAsync(
        Actor actor, string volumeId, string? attachmentId, CancellationToken cancellationToken) => throw new NotImplementedException();
}

/// <summary>Where this site's NBD server can be reached; known once it listens.</summary>
public interface INbdAddress
{
    /// <summary>The host as clients should dial it.</summary>
    string Host { get; }

    int Port { get; }
}
