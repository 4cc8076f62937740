namespace Skerry.Domain;

/// <summary>Why a request was not carried out, in the terms that a caller can act on.</summary>
public enum RefusalKind
{
    /// <summary>The request itself is wrong; <see cref="Refusal.Field"/> names where. HTTP 400, exit code 2.</summary>
    Invalid,

    /// <summary>There is no such thing, or the caller may not know of it. HTTP 404, exit code 3.</summary>
    NotFound,

    /// <summary>The state of the thing does not allow it now. HTTP 400 in block storage, else 409; exit code 4.</summary>
    State,

    /// <summary>Another thing has the name, or a conflict must be settled first. HTTP 409, exit code 4.</summary>
    Conflict,

    /// <summary>A quota or the backend's capacity does not allow it. HTTP 413, exit code 4.</summary>
    Quota,

    /// <summary>Who asks may not do this. HTTP 403, exit code 6.</summary>
    NotAllowed,

    /// <summary>Who asks did not prove who they are. HTTP 401, exit code 6.</summary>
    NotAuthenticated,

    /// <summary>What is needed cannot be reached now (a site, a disk). HTTP 503, exit code 5.</summary>
    Unavailable,
}

/// <summary>A refusal: it is final for this request and is never retried with force by the software.</summary>
/// <param name="Kind">What sort of refusal it is.</param>
/// <param name="Message">Names the thing and what is wrong, in a sentence.</param>
/// <param name="NextStep">What the caller can do, in a sentence; null when nothing sensible can be said.</param>
/// <param name="Field">The request's field at fault, when there is one.</param>
public sealed record Refusal(RefusalKind Kind, string Message, string? NextStep = null, string? Field = null)
{
    public static Refusal Invalid(string field, string message, string? nextStep = null) =>
        new(RefusalKind.Invalid, message, nextStep, field);

    public static Refusal NotFound(string what, string id) =>
        new(RefusalKind.NotFound, $"{char.ToUpperInvariant(what[0])}{what[1..]} {id} could not be found.");

    public static Refusal State(string message, string? nextStep = null) => new(RefusalKind.State, message, nextStep);

    public override string ToString() => NextStep is null ? Message : $"{Message} {NextStep}";
}

/// <summary>What came of a request, for those to whom its value does not matter.</summary>
internal interface IOutcome
{
    bool IsRefused { get; }
}

/// <summary>What came of a request: a value, or the refusal that says why there is none.</summary>
/// <remarks>
/// An accepted request whose work happens later (or at another site) is still a value, with the operation that carries it out.
/// </remarks>
public readonly record struct Outcome<T> : IOutcome
{
    private readonly T? _value;

    private Outcome(T? value, Refusal? refusal, string? operationId)
    {
        _value = value;
        Refusal = refusal;
        OperationId = operationId;
    }

    /// <summary>Null when the request was accepted.</summary>
    public Refusal? Refusal { get; }

    /// <summary>The operation that carries the request out, when it is not yet done.</summary>
    public string? OperationId { get; }

    public bool IsRefused => Refusal is not null;

    /// <summary>The value of an accepted request; asking a refused one for it is a programming error.</summary>
    public T Value => Refusal is null ? _value! : throw new InvalidOperationException(Refusal.Message);

    public static implicit operator Outcome<T>(T value) => new(value, null, null);

    public static implicit operator Outcome<T>(Refusal refusal) => new(default, refusal, null);

    /// <summary>For a <typeparamref name="T"/> that is an interface, which C# does not convert by itself.</summary>
    public static Outcome<T> Of(T value) => new(value, null, null);

    public static Outcome<T> Queued(T value, string operationId) => new(value, null, operationId);
}

/// <summary>The value of a request that has nothing to return.</summary>
public readonly record struct Unit;
