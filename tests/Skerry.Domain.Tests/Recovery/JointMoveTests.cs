using Skerry.Domain.Recovery;

namespace Skerry.Domain.Tests.Recovery;

/// <summary>Moves of several volumes as one: none begins with a part of its volumes, waiting for places that another waits in.</summary>
public sealed class JointMoveTests
{
    private static readonly CancellationToken None = CancellationToken.None;

    [Fact]
    public async Task A_move_begins_when_there_are_places_for_all_its_volumes_and_in_its_turn()
    {
        var joint = new JointMoves();
        await joint.BeginAsync("first", Volumes("a", 60), None);
        var second = joint.BeginAsync("second", Volumes("b", 60), None).AsTask();
        var third = joint.BeginAsync("third", Volumes("c", 1), None).AsTask();
        Assert.False(second.IsCompleted || third.IsCompleted);
        Assert.Null(joint.Find("second"));

        joint.End("first");
        Assert.Equal(60, (await second).VolumeIds.Count);
        await third;
        joint.End("third");
        joint.End("second");
        await joint.BeginAsync("all", Volumes("d", JointMoves.MostVolumes), None);
    }

    [Fact]
    public async Task A_move_that_is_aborted_while_it_waits_gives_its_places_back()
    {
        var joint = new JointMoves();
        await joint.BeginAsync("first", Volumes("a", 60), None);
        using var abort = new CancellationTokenSource();
        var second = joint.BeginAsync("second", Volumes("b", 60), abort.Token).AsTask();
        var third = joint.BeginAsync("third", Volumes("c", 40), None).AsTask();
        await abort.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => second);
        await third.WaitAsync(TimeSpan.FromSeconds(60));
        joint.End("second");
        joint.End("third");
        joint.End("first");
        await joint.BeginAsync("all", Volumes("d", JointMoves.MostVolumes), None);
    }

    [Fact]
    public async Task All_stay_when_one_cannot_go_whoever_waited_already()
    {
        var joint = new JointMoves();
        var move = await joint.BeginAsync("move", Volumes("a", 2), None);
        var near = move.NearAsync("a0", None).AsTask();
        move.Stay("Volume a1: it has no replica.");
        Assert.False(await near);
        Assert.False(await move.AllNear);
        Assert.Null(move.Decide());
        Assert.Equal("Volume a1: it has no replica.", move.WhyStayed);
    }

    private static List<string> Volumes(string name, int count) => [.. Enumerable.Range(0, count).Select(i => $"{name}{i}")];
}
