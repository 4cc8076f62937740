using System.Net;
using System.Text;

namespace Skerry.Cli.Tests;

/// <summary>Answers requests by a script, and keeps what it was asked.</summary>
internal sealed class FakeSite : HttpMessageHandler
{
    public const string Url = "http://north.test:8776/identity/v3";

    private const string Login = "POST /identity/v3/auth/tokens";

    private readonly Dictionary<string, Queue<Func<HttpResponseMessage>>> _script = new(StringComparer.Ordinal);
    private readonly Lock _lock = new();

    public FakeSite(bool issuesTokens = true)
    {
        if (issuesTokens)
        {
            On(Login, HttpStatusCode.Created, """
                {"token": {"expires_at": "2099-01-01T00:00:00.000000Z",
                  "project": {"id": "p1", "name": "admin"}, "user": {"id": "u1", "name": "admin"},
                  "catalog": [{"type": "skerry", "name": "skerry", "endpoints": [
                    {"interface": "public", "region": "south", "region_id": "south", "url": "http://south.test:8776/skerry/v1"}]}]}}
                """);
        }
    }

    /// <summary>"GET http://host/path?query", in order; logins left out.</summary>
    public List<string> Requests { get; } = [];

    /// <summary>The session token of each of them.</summary>
    public List<string?> Sessions { get; } = [];

    /// <summary>What came with them.</summary>
    public List<string> Bodies { get; } = [];

    public string LoginBody { get; private set; } = "";

    /// <summary>Called before each answer.</summary>
    public Action<string>? OnRequest { get; set; }

    /// <param name="request">"GET /path?query". Several answers to one request are given in turn, the last one again and again.</param>
    /// <param name="status">Of the answer.</param>
    /// <param name="json">Its body.</param>
    /// <param name="headers">Further ones.</param>
    public FakeSite On(string request, HttpStatusCode status, string json, params (string Name, string Value)[] headers)
    {
        if (!_script.TryGetValue(request, out var answers))
        {
            _script[request] = answers = new();
        }

        answers.Enqueue(() =>
        {
            var response = new HttpResponseMessage(status) { Content = new StringContent(json, Encoding.UTF8, "application/json") };
            response.Headers.Add("X-Subject-Token", "token-1");
            foreach (var (name, value) in headers) response.Headers.Add(name, value);
            return response;
        });
        return this;
    }

    public FakeSite On(string request, string json) => On(request, HttpStatusCode.OK, json);

    /// <summary>The answer does not come.</summary>
    public FakeSite Never(string request)
    {
        _script[request] = new([() => throw new OperationCanceledException()]);
        return this;
    }

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var path = $"{request.Method} {request.RequestUri!.PathAndQuery}";
        var body = request.Content is null ? "" : await request.Content.ReadAsStringAsync(cancellationToken);
        Func<HttpResponseMessage> answer;
        lock (_lock)
        {
            if (path == Login)
            {
                LoginBody = body;
            }
            else
            {
                Requests.Add($"{request.Method} {request.RequestUri.AbsoluteUri}");
                Bodies.Add(body);
                Sessions.Add(request.Headers.TryGetValues("X-Skerry-Session", out var session) ? session.Single() : null);
                Assert.Equal("token-1", request.Headers.GetValues("X-Auth-Token").Single());
            }

            if (!_script.TryGetValue(path, out var answers))
            {
                throw new InvalidOperationException($"Nobody expected {path}");
            }

            answer = answers.Count > 1 ? answers.Dequeue() : answers.Peek();
        }

        OnRequest?.Invoke(path);
        try
        {
            var response = answer();
            response.RequestMessage = request;
            return response;
        }
        catch (OperationCanceledException)
        {
            await Task.Delay(Timeout.Infinite, cancellationToken);
            throw;
        }
    }
}
