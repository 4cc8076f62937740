using Skerry.State.Storage;

namespace Skerry.State;

/// <summary>How a replica stands with its store.</summary>
/// <param name="Name">The store, without secrets.</param>
/// <param name="Fault">Why no write is acknowledged; null while writes are.</param>
/// <param name="Since">When that began.</param>
/// <param name="IsFinal">It ends only when the daemon starts again; else the store is asked again until it answers.</param>
/// <param name="PutBack">The last time that the store was found to lack what this daemon had seen there; null for never.</param>
public sealed record StoreReport(string Name, StateStoreException? Fault, DateTimeOffset? Since, bool IsFinal, StorePutBack? PutBack);

/// <summary>
/// A store that went back in time underneath a running daemon, as when an older copy of it was put back. What it lacked was written
/// there again from memory, and the daemon goes on in a fresh incarnation, so nothing was lost and nothing is made twice.
/// </summary>
/// <param name="NoticedAt">By the local clock.</param>
/// <param name="Had">Where the store stood when this daemon last knew.</param>
/// <param name="Found">Where it stood when it was found.</param>
/// <param name="Mutations">How many it lacked of those that this daemon knew to be durable.</param>
public sealed record StorePutBack(DateTimeOffset NoticedAt, StoreTail Had, StoreTail Found, long Mutations);
