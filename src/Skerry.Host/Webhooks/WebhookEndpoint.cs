namespace Skerry.Host.Webhooks;

/// <summary>Who is told of events over HTTP.</summary>
/// <param name="Name">Of its section; in logs, metrics, and the name of the file that keeps its place.</param>
/// <param name="Url">Where events are posted. It may hold a secret, so it is never logged.</param>
/// <param name="Secrets">Each signs every delivery, so that the receiver can change from one to the next; one or more.</param>
/// <param name="Kinds">The kinds of event that are sent.</param>
/// <param name="Timeout">How long one attempt may take, from 1 to 60 s.</param>
internal sealed record WebhookEndpoint(
    string Name, Uri Url, IReadOnlyList<ReadOnlyMemory<byte>> Secrets, IReadOnlySet<string> Kinds, TimeSpan Timeout);
