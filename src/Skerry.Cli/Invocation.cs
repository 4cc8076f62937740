using System.CommandLine;
using Skerry.Cli.Output;
using Skerry.Cli.Settings;
using Skerry.Cli.Waiting;
using Skerry.Client.Native;
using Skerry.Client.Native.Login;

namespace Skerry.Cli;

/// <summary>One run of one verb: its arguments, the client, and where its words go.</summary>
internal sealed class Invocation : IDisposable
{
    // Above the time that a site holds a request back, and below the default of --timeout, so that a site that does not answer is named.
    private static readonly TimeSpan RequestTime = TimeSpan.FromSeconds(45);

    private readonly ParseResult _parsed;
    private readonly CancellationTokenSource _time;
    private readonly CancellationTokenSource _stop;
    private readonly TimeSpan _limit;
    private HttpClient? _http;
    private LoginSession? _session;
    private SkerryClient? _client;
    private SeenBefore? _seen;
    private SessionCarrier? _carrier;
    private bool _saidBehind;

    public Invocation(ParseResult parsed, Surroundings surroundings, CancellationToken cancellationToken)
    {
        _parsed = parsed;
        Surroundings = surroundings;
        var seconds = parsed.GetValue(SharedOptions.Timeout) ?? (IsWaiting ? 3600 : 60);
        _limit = TimeSpan.FromSeconds(seconds);
        _time = new CancellationTokenSource(_limit, surroundings.Time);
        _stop = CancellationTokenSource.CreateLinkedTokenSource(_time.Token, cancellationToken);
        Talk = new Talk(surroundings);
        Names = new Names(() => Client);
        Waits = new Waits(this);
    }

    public Surroundings Surroundings { get; }

    public Talk Talk { get; }

    public Names Names { get; }

    public Waits Waits { get; }

    public bool IsWaiting => _parsed.GetResult(SharedOptions.Wait) is not null && _parsed.GetValue(SharedOptions.Wait);

    /// <summary>What stands for the work when its time is over: said to the user with how to follow it.</summary>
    public string? Pending { get; set; }

    public SkerryClient Client => _client ??= Connect();

    public T? Get<T>(Option<T> option) => _parsed.GetValue(option);

    public T Get<T>(Argument<T> argument) => _parsed.GetValue(argument)!;

    /// <summary>True when the option was written, with or without a value.</summary>
    public bool Has(Option option) => _parsed.GetResult(option) is { Implicit: false };

    public async Task<int> RunAsync(Func<Invocation, CancellationToken, Task<int>> verb)
    {
        try
        {
            return await verb(this, _stop.Token);
        }
        catch (OperationCanceledException) when (_time.IsCancellationRequested)
        {
            throw new OutOfTimeException(
                $"Not done within {_limit.TotalSeconds:0} s{(_session is null ? "" : $" at {_session.Login.SiteRoot}")}; it may still be carried out.",
                Pending ?? "Look how it stands before you repeat it; --timeout allows for more time.");
        }
        finally
        {
            Talk.EndProgress();
            _seen?.Keep(_carrier?.Token);
        }
    }

    public void Print<T>(View<T> view, T record) => Printer().Show(view, record);

    public void Print<T>(View<T> view, IReadOnlyList<T> records) => Printer().List(view, records);

    public void Dispose()
    {
        _session?.Dispose();
        _http?.Dispose();
        _stop.Dispose();
        _time.Dispose();
    }

    private void SayBehind(string message)
    {
        if (!_saidBehind)
        {
            Talk.Say(message);
        }

        _saidBehind = true;
    }

    private Printer Printer() =>
        new(Surroundings, _parsed.GetValue(SharedOptions.Format)!, _parsed.GetValue(SharedOptions.Column) ?? []);

    private SkerryClient Connect()
    {
        var settings = LoginSettings.Read(_parsed, Surroundings);
        _http = new HttpClient(Surroundings.Handler(settings.Trust)) { Timeout = Has(SharedOptions.Timeout) && _limit > RequestTime ? _limit : RequestTime };
        _session = new LoginSession(_http, settings.Login);
        _seen = Get(SharedOptions.NoSession) ? null : SeenBefore.Read(settings.Login, Surroundings);
        var carrier = _seen is null ? null : new SessionCarrier(_seen.Token) { GoOn = Get(SharedOptions.Session) ? null : SayBehind };
        _carrier = carrier;
        return new SkerryClient(new ApiConnection(_http, _session, carrier));
    }
}
