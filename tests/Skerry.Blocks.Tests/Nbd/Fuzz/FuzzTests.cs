using Skerry.Blocks.Tests.Soak;

namespace Skerry.Blocks.Tests.Nbd.Fuzz;

/// <summary>Hostile clients, in both phases: nothing crashes, everybody else is served, and nothing is left of them.</summary>
public sealed class FuzzTests
{
    private const int Workers = 4;
    private readonly int _seed = int.TryParse(Environment.GetEnvironmentVariable("SKERRY_SEED"), out int seed) ? seed : Random.Shared.Next();

    [Fact]
    public async Task A_hundred_thousand_hostile_messages_crash_nothing_and_leave_nothing_behind()
    {
        Tell($"SKERRY_SEED={_seed}");
        await using FuzzTargets targets = await FuzzTargets.Start();
        await Send(targets, 100_000, round: 0);
        await targets.AreAtRest();
    }

    [Fact(Explicit = true)]
    public async Task As_many_hostile_messages_as_asked_for_leave_memory_threads_and_sockets_as_they_were()
    {
        long messages = long.TryParse(Environment.GetEnvironmentVariable("SKERRY_MESSAGES"), out long asked) ? asked : 1_000_000;
        Tell($"SKERRY_SEED={_seed}, {messages} messages");
        await using FuzzTargets targets = await FuzzTargets.Start();
        const int rounds = 10;
        List<SoakRest> rests = [];
        long sent = 0;
        for (int round = 0; round < rounds; round++)
        {
            sent += await Send(targets, messages / rounds, round);
            await targets.AreAtRest();
            rests.Add(SoakRest.Take(targets.Store));
            Tell($"{sent} messages: {rests[^1]}");
        }

        Assert.InRange(sent, messages, long.MaxValue);
        Assert.Null(SoakRest.Growth(rests[1..4], rests[^3..]));
    }

    private async Task<long> Send(FuzzTargets targets, long count, int round)
    {
        long sent = 0;
        long answered = 0;
        await Task.WhenAll(Enumerable.Range(0, Workers).Select(worker => Task.Factory.StartNew(
            () =>
            {
                Random random = new(unchecked(_seed + (round * Workers) + worker));
                while (Interlocked.Read(ref sent) < count)
                {
                    HostileClient client = new(targets.All[random.Next(targets.All.Count)], random);
                    Interlocked.Add(ref sent, client.Run());
                    Interlocked.Add(ref answered, client.Answered);
                }
            },
            TaskCreationOptions.LongRunning)));
        Assert.InRange(answered, count / 4, sent);
        return sent;
    }

    private static void Tell(string line) => TestContext.Current.TestOutputHelper!.WriteLine(line);
}
