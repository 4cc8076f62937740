using System.Diagnostics;
using Skerry.Demo;

namespace Skerry.EndToEnd.Faults;

/// <summary>The primary is moved to and fro under a writer that reconnects.</summary>
public sealed class MoveTests
{
    private readonly int _seed = int.TryParse(Environment.GetEnvironmentVariable("SKERRY_SEED"), out var seed) ? seed : Random.Shared.Next();

    [Fact]
    public async Task Ten_moves_in_a_row_lose_nothing_under_a_writer_that_reconnects()
    {
        var cancellationToken = TestContext.Current.CancellationToken;
        await using var stage = Stage.Open();
        await Demo.Steps.JoinStep.StartJoinedAsync(stage, cancellationToken);
        await using var disk = await ReplicatedDisk.MakeAsync(stage, cancellationToken);
        var oracle = new StampOracle(_seed);
        using var writing = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var writer = oracle.WriteAsync(disk, writing.Token);
        var outages = new List<double>();
        var primary = stage.North;
        for (var round = 0; round < 10; round++)
        {
            await disk.FollowsAsync(primary, disk.Other(primary), cancellationToken, isIdle: false);
            var (before, replica) = (oracle.Acknowledged, disk.Other(primary));
            var began = DateTimeOffset.UtcNow;
            var clock = Stopwatch.StartNew();
            var action = primary == stage.North ? "failover" : "failback";
            var asked = await disk.AskAsync(round % 2 == 0 ? stage.North : stage.South, action, cancellationToken, drain: true);
            var end = await disk.EndAsync(stage.North, asked.OperationId!, cancellationToken);
            Assert.True(end.Status == "succeeded", $"seed {_seed}, round {round}, {action}: {end.Status} {end.Reason}");
            var done = clock.ElapsedMilliseconds;
            await Eventually.TrueAsync(
                $"seed {_seed}, round {round}: the writer goes on at {replica.Name}", TimeSpan.FromSeconds(20),
                async () =>
                {
                    if (writer.IsFaulted)
                    {
                        await writer;
                    }

                    return oracle.Returns is [.., var last] && last.Site == replica.Name && last.At > began;
                }, cancellationToken);
            outages.Add((oracle.Returns[^1].At - began).TotalMilliseconds);
            TestContext.Current.TestOutputHelper?.WriteLine(
                $"{action}: operation over after {done} ms, writer goes on {outages[^1]:0} ms after the command; {oracle.Acknowledged - before} flushes");
            primary = replica;
        }

        await writing.CancelAsync();
        await writer;
        await using var client = await disk.OpenAsync(primary, cancellationToken);
        await oracle.VerifyAsync(client, $"seed {_seed}, after ten moves", cancellationToken);
        Assert.Equal(11, (await disk.At(stage.North).Volumes.ShowAsync(disk.VolumeId, cancellationToken)).Generation);
    }
}
