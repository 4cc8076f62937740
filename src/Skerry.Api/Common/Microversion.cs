using System.Globalization;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Http;

namespace Skerry.Api.Common;

/// <summary>One version of an API within its major version, as a request asks for it.</summary>
internal readonly partial record struct Microversion(int Major, int Minor) : IComparable<Microversion>
{
    /// <summary>The version of this request; <see cref="MicroversionRange.Negotiate"/> has settled it.</summary>
    public static ValueTask<Microversion?> BindAsync(HttpContext context) =>
        ValueTask.FromResult<Microversion?>(context.Features.Get<Settled>()?.Version);

    public static bool TryParse(string text, out Microversion version)
    {
        var match = Pattern().Match(text);
        version = match.Success
            ? new Microversion(
                int.Parse(match.Groups["major"].ValueSpan, CultureInfo.InvariantCulture),
                int.Parse(match.Groups["minor"].ValueSpan, CultureInfo.InvariantCulture))
            : default;
        return match.Success;
    }

    public bool IsAtLeast(int minor) => Minor >= minor;

    public int CompareTo(Microversion other) =>
        Major != other.Major ? Major.CompareTo(other.Major) : Minor.CompareTo(other.Minor);

    public override string ToString() => $"{Major}.{Minor}";

    [GeneratedRegex("^(?<major>[1-9][0-9]{0,3})\\.(?<minor>0|[1-9][0-9]{0,3})$", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture)]
    private static partial Regex Pattern();

    /// <summary>Carries the version from the middleware to the endpoint.</summary>
    internal sealed record Settled(Microversion Version);
}

/// <summary>The versions that a service's endpoints serve, as metadata of them.</summary>
/// <param name="Service">As it stands in the header, such as <c>volume</c>.</param>
/// <param name="Min">Also what a request without the header gets.</param>
/// <param name="Max">The newest that is truly served.</param>
internal sealed record MicroversionRange(string Service, Microversion Min, Microversion Max)
{
    public const string Header = "OpenStack-API-Version";

    /// <summary>Settles the version of the request and says so in the answer; a fault when it cannot be served.</summary>
    public Fault? Negotiate(HttpContext context)
    {
        var asked = Asked(context.Request);
        Microversion version;
        if (asked is null)
        {
            version = Min;
        }
        else if (asked == "latest")
        {
            version = Max;
        }
        else if (!Microversion.TryParse(asked, out version))
        {
            return new Fault(
                StatusCodes.Status400BadRequest,
                $"API Version String {asked} is of invalid format. Must be of format MajorNum.MinorNum.");
        }

        context.Response.Headers.Vary = Header;
        if (version.CompareTo(Min) < 0 || version.CompareTo(Max) > 0)
        {
            return new Fault(
                StatusCodes.Status406NotAcceptable,
                $"Version {version} is not supported by the API. Minimum is {Min} and maximum is {Max}.");
        }

        context.Response.Headers[Header] = $"{Service} {version}";
        context.Features.Set(new Microversion.Settled(version));
        return null;
    }

    /// <summary>What the header says for this service; headers of several services may stand side by side.</summary>
    private string? Asked(HttpRequest request) =>
        request.Headers[Header]
            .SelectMany(value => (value ?? "").Split(','))
            .Select(part => part.Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
            .Where(words => words.Length == 2 && words[0] == Service)
            .Select(words => words[1])
            .FirstOrDefault();
}
