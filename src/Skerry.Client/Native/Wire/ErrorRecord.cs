namespace Skerry.Client.Native.Wire;

/// <summary>Why a request was not carried out.</summary>
/// <param name="Code">The HTTP status.</param>
/// <param name="Kind"><c>invalid</c>, <c>not_found</c>, <c>state</c>, <c>conflict</c>, <c>quota</c>, <c>not_allowed</c>, <c>not_authenticated</c>, <c>unavailable</c> or <c>fault</c>.</param>
/// <param name="Message">Names the thing and what is wrong.</param>
/// <param name="NextStep">What the caller can do; null when nothing sensible can be said.</param>
/// <param name="Field">The field of the request at fault.</param>
public sealed record ErrorRecord(int Code, string Kind, string Message, string? NextStep = null, string? Field = null);

/// <summary>The body of every reply that is not a success.</summary>
public sealed record ErrorReply(ErrorRecord Error);

/// <summary>Where the next page is; <paramref name="Rel"/> is <c>next</c>.</summary>
public sealed record PageLink(string Rel, string Href);
