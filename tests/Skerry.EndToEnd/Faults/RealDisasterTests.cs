using System.Globalization;
using System.Reflection;
using Skerry.Demo;
using Skerry.Movers.Native;
using Skerry.TestKit.Processes;

namespace Skerry.EndToEnd.Faults;

/// <summary>
/// Three real sites over TLS links whose wires the test owns, and one writer: <c>make disasters-real [ROUNDS=100] [SEED=x]</c> and
/// <c>make rounds [ROUNDS=50]</c>. <see cref="KillTests"/>, <see cref="MoveTests"/> and <see cref="ForcedMoveTests"/> are the short
/// versions for every test run.
/// </summary>
public sealed class RealDisasterTests
{
    private static readonly string[] s_moments =
        [.. typeof(MoverSteps).GetFields(BindingFlags.Public | BindingFlags.Static).Select(f => (string)f.GetRawConstantValue()!)];

    private readonly int _seed = Number("SKERRY_SEED") ?? 1;
    private readonly Dictionary<string, int> _tally = [];
    private Random _random = new();
    private Stage _stage = null!;
    private ReplicatedDisk _disk = null!;
    private WriteLine _line = null!;
    private DemoSite _primary = null!;

    private DemoSite Replica => _disk.Other(_primary);

    [Fact(Explicit = true)]
    public async Task As_many_real_disasters_as_asked_for()
    {
        var cancellationToken = TestContext.Current.CancellationToken;
        var rounds = Number("SKERRY_ROUNDS") ?? 100;
        var started = TimeProvider.System.GetTimestamp();
        await using var stage = await OpenAsync(cancellationToken);
        await using var disk = _disk;
        for (var round = 0; round < rounds; round++)
        {
            _random = new Random((_seed * 10_000) + round);
            var (name, disaster) = Disasters()[_random.Next(Disasters().Length)];
            try
            {
                await disaster(cancellationToken);
                _primary = await SettledAsync(cancellationToken);
            }
            catch (Exception e)
            {
                throw new InvalidOperationException($"seed {_seed}, round {round}, {name}, primary {_primary.Name}: {e.Message}", e);
            }

            _tally[name] = _tally.GetValueOrDefault(name) + 1;
            Say($"round {round + 1} of {rounds}, {name}: primary is {_primary.Name}, {_line.Acknowledged} flushes, {_line.LostWrites} writes lost within what was announced, {TimeProvider.System.GetElapsedTime(started).TotalSeconds:0} s");
        }

        Say(string.Join(", ", _tally.Select(t => $"{t.Value} times {t.Key}")));
        await using var client = await disk.OpenAsync(_primary, cancellationToken);
        await _line.VerifyAsync(client, "at the end", null);
    }

    [Fact(Explicit = true)]
    public async Task As_many_rounds_of_planned_failover_and_failback_as_asked_for()
    {
        var cancellationToken = TestContext.Current.CancellationToken;
        var rounds = Number("SKERRY_ROUNDS") ?? 50;
        var outages = new List<double>();
        await using var stage = await OpenAsync(cancellationToken);
        await using var disk = _disk;
        for (var move = 0; move < 2 * rounds; move++)
        {
            using var writing = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            var before = _line.Acknowledged;
            var writer = _line.WriteAsync(disk, _primary, writing.Token);
            await Eventually.TrueAsync("the writer writes", TimeSpan.FromSeconds(30), () => Task.FromResult(_line.Acknowledged > before + 5 || writer.IsFaulted), cancellationToken);
            await disk.FollowsAsync(_primary, Replica, cancellationToken, isIdle: false);
            var asked = TimeProvider.System.GetTimestamp();
            var operation = await disk.AskAsync(_primary, _primary == stage.North ? "failover" : "failback", cancellationToken, drain: true);
            var end = await disk.EndAsync(_primary, operation.OperationId!, cancellationToken);
            Assert.True(end.Status == "succeeded", $"move {move}: {end.Status} {end.Reason}");
            await writing.CancelAsync();
            await writer;
            await using var client = await disk.OpenAsync(Replica, cancellationToken);
            outages.Add(TimeProvider.System.GetElapsedTime(asked).TotalMilliseconds);
            await _line.VerifyAsync(client, $"after move {move}", null);
            _primary = Replica;
            if (move % 10 == 9)
            {
                Say($"{(move + 1) / 2} rounds, {_line.Acknowledged} flushes");
            }
        }

        outages.Sort();
        Say($"{rounds} rounds of failover and failback: {_line.Acknowledged} flushes, none lost; from the command until it could be opened {outages[outages.Count / 2]:0} ms in the median, {outages[^1]:0} ms at most");
    }

    private (string Name, Func<CancellationToken, Task> Disaster)[] Disasters() =>
    [
        ("primary killed", ct => KilledAsync(_primary, ct)),
        ("replica killed", ct => KilledAsync(Replica, ct)),
        ("replica killed at a moment", ct => KilledAtMomentAsync(Replica, ct)),
        ("primary killed at a moment", ct => KilledAtMomentAsync(_primary, ct)),
        ("links cut", CutAsync),
        ("links slow", SlowAsync),
        ("planned move", ct => PlannedAsync(null, ct)),
        ("planned move, a site killed", ct => PlannedAsync(_random.Next(2) == 0 ? _primary : Replica, ct)),
        ("forced move, primary killed", ct => ForcedAsync(isKilled: true, ct)),
        ("forced move, primary cut off", ct => ForcedAsync(isKilled: false, ct)),
    ];

    private async Task KilledAsync(DemoSite site, CancellationToken cancellationToken)
    {
        await WhileWritingAsync(async () =>
        {
            await DelayAsync(400, cancellationToken);
            await site.KillAsync();
            await DelayAsync(300, cancellationToken);
            await site.StartAsync(cancellationToken);
            await ProgressAsync(cancellationToken);
        }, cancellationToken);
    }

    private async Task KilledAtMomentAsync(DemoSite site, CancellationToken cancellationToken)
    {
        var moments = s_moments.Where(m => m.StartsWith(site == _primary ? "source." : "replica.", StringComparison.Ordinal)).ToList();
        var moment = $"{moments[_random.Next(moments.Count)]}:{_random.Next(1, 4)}";
        await WhileWritingAsync(async () =>
        {
            await site.KillAsync();
            site.KillItselfAt(moment);
            try
            {
                await site.StartAsync(cancellationToken);
            }
            catch (Exception e) when (e is InvalidOperationException or TimeoutException && !site.IsRunning)
            {
                // It came to the moment before it was ready.
            }

            // A cut makes both sides go through the protocol once more.
            for (var wait = 0; wait < 20 && site.IsRunning; wait++)
            {
                await DelayAsync(200, cancellationToken);
                _stage.CutNorth();
                await DelayAsync(50, cancellationToken);
                _stage.HealNorth();
            }

            _tally[site.IsRunning ? "moment not reached" : "moment reached"] = _tally.GetValueOrDefault(site.IsRunning ? "moment not reached" : "moment reached") + 1;
            await site.KillAsync();
            site.KillItselfAt(null);
            await site.StartAsync(cancellationToken);
            await ProgressAsync(cancellationToken);
        }, cancellationToken);
    }

    private Task CutAsync(CancellationToken cancellationToken) => WhileWritingAsync(async () =>
    {
        for (var i = _random.Next(1, 4); i > 0; i--)
        {
            _stage.CutNorth();
            await DelayAsync(1500, cancellationToken);
            _stage.HealNorth();
            await DelayAsync(700, cancellationToken);
        }
    }, cancellationToken);

    private Task SlowAsync(CancellationToken cancellationToken) => WhileWritingAsync(async () =>
    {
        _stage.SlowNorth(TimeSpan.FromMilliseconds(_random.Next(2, 30)));
        await DelayAsync(2000, cancellationToken);
        _stage.SlowNorth(TimeSpan.Zero);
    }, cancellationToken);

    /// <summary>A move that is killed in the middle has happened or has not; either way nothing acknowledged is lost.</summary>
    private async Task PlannedAsync(DemoSite? victim, CancellationToken cancellationToken)
    {
        using var writing = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var writer = _line.WriteAsync(_disk, _primary, writing.Token);
        await DelayAsync(500, cancellationToken);
        var operation = await _disk.AskAsync(_primary, _primary == _stage.North ? "failover" : "failback", cancellationToken, drain: true);
        if (victim is not null)
        {
            await Task.Delay(_random.Next(0, 400), cancellationToken);
            await victim.KillAsync();
            await DelayAsync(300, cancellationToken);
        }

        await writing.CancelAsync();
        await writer;
        if (victim is not null)
        {
            await victim.StartAsync(cancellationToken);
        }

        var end = await _disk.EndAsync(_primary, operation.OperationId!, cancellationToken, 150);
        Assert.True(victim is not null || end.Status == "succeeded", $"{end.Status} {end.Reason}");
        var primary = await SettledAsync(cancellationToken);
        await using var client = await _disk.OpenAsync(primary, cancellationToken);
        await _line.VerifyAsync(client, $"at {primary.Name} after a planned move that {end.Status}", null);
        _primary = primary;
    }

    private async Task ForcedAsync(bool isKilled, CancellationToken cancellationToken)
    {
        var (old, next) = (_primary, Replica);
        using (var writing = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken))
        {
            var writer = _line.WriteAsync(_disk, old, writing.Token);
            await ProgressAsync(cancellationToken);
            await DelayAsync(600, cancellationToken);
            if (isKilled)
            {
                await old.KillAsync();
            }
            else
            {
                _stage.CutNorth();
                await DelayAsync(400, cancellationToken);
            }

            await writing.CancelAsync();
            await writer;
        }

        var preview = await _disk.LossAsync(next, cancellationToken);
        await _disk.AskAsync(next, "failover", cancellationToken, next.Name, force: true);
        await using (var client = await _disk.OpenAsync(next, cancellationToken, 40))
        {
            await _line.VerifyAsync(client, $"promoted by force at {next.Name}, {preview.Summary}", preview.RecoveryPoint!.TakenAt);
            await _line.WriteSomeAsync(client, next, await _disk.GenerationAsync(next, cancellationToken), 10, cancellationToken);
        }

        _primary = next;
        if (isKilled)
        {
            await old.StartAsync(cancellationToken);
        }

        _stage.HealNorth();
        await FencedAsync(old, cancellationToken);
    }

    /// <summary>Once the old primary knows of the new generation it takes no write for longer than a second.</summary>
    private async Task FencedAsync(DemoSite old, CancellationToken cancellationToken)
    {
        var current = await _disk.GenerationAsync(_primary, cancellationToken);
        DateTimeOffset? knows = null;
        for (var i = 0; i < 200; i++)
        {
            try
            {
                if (knows is null && await _disk.GenerationAsync(old, cancellationToken) >= current)
                {
                    knows = DateTimeOffset.UtcNow;
                }

                await using var client = await NbdClient.ConnectAsync(new Uri(await _disk.ConnectAsync(old, cancellationToken)), cancellationToken);
                await client.WriteAsync(1000L * 4096, new byte[4096], cancellationToken);
                Assert.True(knows is null || DateTimeOffset.UtcNow - knows < TimeSpan.FromSeconds(1), $"two primaries: {old.Name} took a write, and knew of generation {current} since {knows:O}");
            }
            catch (Exception e) when (ReplicatedDisk.IsAbsence(e))
            {
                if (knows is not null)
                {
                    return;
                }
            }

            await Task.Delay(20, cancellationToken);
        }
    }

    private async Task WhileWritingAsync(Func<Task> disaster, CancellationToken cancellationToken)
    {
        using var writing = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var writer = _line.WriteAsync(_disk, _primary, writing.Token);
        try
        {
            await disaster();
        }
        finally
        {
            await writing.CancelAsync();
            await writer;
        }
    }

    private Task ProgressAsync(CancellationToken cancellationToken)
    {
        var before = _line.Acknowledged;
        return Eventually.TrueAsync("the writer goes on", TimeSpan.FromSeconds(40), () => Task.FromResult(_line.Acknowledged > before + 2), cancellationToken);
    }

    /// <summary>Both sites agree who is primary, and the other is its whole replica.</summary>
    private async Task<DemoSite> SettledAsync(CancellationToken cancellationToken)
    {
        var (last, primary) = ("", (DemoSite?)null);
        try
        {
            return await Eventually.BecomesAsync("one is primary and the other follows", TimeSpan.FromSeconds(90), async () =>
            {
                var north = await _disk.At(_stage.North).Replications.ShowAsync(_disk.ReplicationId, cancellationToken);
                var south = await _disk.At(_stage.South).Replications.ShowAsync(_disk.ReplicationId, cancellationToken);
                last = $"{north}; {south}";
                primary = north.SourceSite == "north" ? _stage.North : _stage.South;
                return north.SourceSite == south.SourceSite && north.Status == "active - secondary" && south.Status == "active - secondary" ? primary : null;
            }, cancellationToken);
        }
        catch (TimeoutException e)
        {
            throw new TimeoutException($"{e.Message}: {last}", e);
        }
    }

    private Task DelayAsync(int atMostMilliseconds, CancellationToken cancellationToken) => Task.Delay(_random.Next(atMostMilliseconds), cancellationToken);

    private async Task<Stage> OpenAsync(CancellationToken cancellationToken)
    {
        _stage = Stage.Open();
        await Demo.Steps.JoinStep.StartJoinedAsync(_stage, cancellationToken);
        (_disk, _line, _primary) = (await ReplicatedDisk.MakeAsync(_stage, cancellationToken), new WriteLine(_seed), _stage.North);
        return _stage;
    }

    private static void Say(string line) => Console.WriteLine($"disasters-real: {line}");

    private static int? Number(string variable) =>
        int.TryParse(Environment.GetEnvironmentVariable(variable), NumberStyles.Integer, CultureInfo.InvariantCulture, out var number) ? number : null;
}
