namespace Skerry.Host;

/// <summary>Why the daemon does not start. The message names the thing, what is wrong and what to do; no stack trace is shown for it.</summary>
public sealed class StartException(string message, Exception? inner = null) : Exception(message, inner);
