namespace Skerry.Client.Native.Login;

/// <summary>What a login came to: a token, and where the chosen site's services are.</summary>
/// <param name="Skerry">Root of <c>/skerry/v1</c>, without a slash at its end; so are the others.</param>
public sealed record Access(string Token, string? ProjectId, string? UserId, Uri Skerry, Uri Volume, Uri Identity);
