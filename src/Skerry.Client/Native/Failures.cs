using Skerry.Client.Native.Wire;

namespace Skerry.Client.Native;

/// <summary>The site answered, and did not carry the request out.</summary>
public sealed class RefusedException(ErrorRecord error) : Exception(error.Message)
{
    public ErrorRecord Error { get; } = error;
}

/// <summary>Nothing answered: no connection, no trust in its certificate, or no answer in time.</summary>
public sealed class UnreachableException(Uri url, string reason, string nextStep, Exception? cause = null)
    : Exception($"{url.GetLeftPart(UriPartial.Authority)} {reason}", cause)
{
    public Uri Url { get; } = url;

    public string NextStep { get; } = nextStep;
}

/// <summary>Something answered that does not speak this protocol.</summary>
public sealed class UnexpectedReplyException(Uri url, string what, Exception? cause = null)
    : Exception($"{url} did not answer as a Skerry site does: {what}.", cause);

/// <summary>The login's settings lead nowhere.</summary>
public sealed class LoginException(string message) : Exception(message);
