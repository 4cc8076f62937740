using Skerry.Blocks;
using Skerry.Domain;
using Skerry.Domain.Groups;
using Skerry.Domain.Operations;
using Skerry.Domain.Replication;
using Skerry.Domain.Volumes;
using Skerry.Movers.Tests.Recovery;

namespace Skerry.Movers.Tests.Groups;

/// <summary>A planned move of a group: all members go or all stay, whatever happens to one of them.</summary>
public sealed class GroupHandOverTests
{
    private static readonly CancellationToken None = CancellationToken.None;

    [Theory]
    [InlineData("final-sync")]
    [InlineData("drain")]
    [InlineData("verify")]
    [InlineData("hand-over")]
    public async Task An_abort_before_the_generations_are_written_leaves_every_member_writing_where_it_was(string stage)
    {
        await using var rig = await GroupRig.StartAsync(3);
        await rig.Writer.WriteAsync(rig.North, 30);
        await IsWholeAsync(rig);
        var (operationId, open) = await HeldAsync(rig, stage);
        Assert.True(rig.North.Operations.Show(LiveSite.Admin, operationId).Value.Progress!.CanAbort);
        var aborted = await rig.North.GroupMoves.AbortAsync(LiveSite.Admin, "database", None);
        Assert.Equal(operationId, aborted.OperationId);
        open();
        var ended = await rig.North.Operations.WaitAsync(LiveSite.Admin, operationId, TimeSpan.FromSeconds(30), None);
        Assert.True(ended.Value.Status == OperationStatus.Cancelled, $"{ended.Value.Status}: {ended.Value.Reason}");
        await AllStayedAsync(rig);
        Assert.False((await rig.North.GroupMoves.AbortAsync(LiveSite.Admin, rig.GroupId, None)).IsRefused);

        await IsWholeAsync(rig);
        await rig.MovesAsync(rig.North, rig.South.Name);
        Assert.Equal(40, await rig.Writer.AssertPrefixAsync(await rig.DevicesAsync(rig.South), 40, "the moved group"));
        Assert.Equal(RefusalKind.State, (await rig.North.GroupMoves.AbortAsync(LiveSite.Admin, rig.GroupId, None)).Refusal?.Kind);
    }

    [Fact]
    public async Task A_member_that_cannot_settle_keeps_all_and_asking_again_takes_all()
    {
        await using var rig = await GroupRig.StartAsync(3);
        await rig.Writer.WriteAsync(rig.North, 30);
        await IsWholeAsync(rig);

        // The others have stopped and wait for their generations when the last one is aborted by itself.
        var (operationId, open) = await HeldAsync(rig, "verify");
        var member = await rig.North.Recovery.AbortAsync(LiveSite.Admin, rig.VolumeIds[1], None);
        Assert.False(member.IsRefused, member.Refusal?.ToString());
        open();
        var ended = await rig.North.Operations.WaitAsync(LiveSite.Admin, operationId, TimeSpan.FromSeconds(30), None);
        Assert.True(ended.Value.Status == OperationStatus.Failed, $"{ended.Value.Status}: {ended.Value.Reason}");
        Assert.Contains("No volume of group database was moved", ended.Value.Reason, StringComparison.Ordinal);
        await AllStayedAsync(rig);

        // One whose replica is out of reach before anything began.
        await IsWholeAsync(rig);
        var (second, go) = await HeldAsync(rig, "last-sync");
        rig.Cloud.Cut(rig.South);
        go();
        var cut = await rig.North.Operations.WaitAsync(LiveSite.Admin, second, TimeSpan.FromSeconds(60), None);
        Assert.True(cut.Value.Status == OperationStatus.Failed, $"{cut.Value.Status}: {cut.Value.Reason}");
        await AllStayedAsync(rig);
        rig.Cloud.CutOff.Clear();
        await IsWholeAsync(rig);
        await rig.MovesAsync(rig.North, rig.South.Name);
        Assert.Equal(50, await rig.Writer.AssertPrefixAsync(await rig.DevicesAsync(rig.South), 50, "the moved group"));
    }

    [Fact]
    public async Task A_writer_of_one_member_is_a_refusal_of_the_whole_though_another_site_was_asked()
    {
        await using var rig = await GroupRig.StartAsync(2);
        await rig.Writer.WriteAsync(rig.North, 10);
        await IsWholeAsync(rig);
        using (await rig.North.AttachAsync(rig.VolumeIds[1]))
        {
            var asked = await rig.South.GroupMoves.FailoverAsync(LiveSite.Admin, new GroupMoveRequest(rig.GroupId, "south"), None);
            Assert.False(asked.IsRefused, asked.Refusal?.ToString());
            var ended = (await rig.South.Operations.WaitAsync(LiveSite.Admin, asked.OperationId!, TimeSpan.FromSeconds(60), None)).Value;
            Assert.True((OperationStatus.Failed, RefusalKind.State) == (ended.Status, ended.Refusal?.Kind), $"{ended.Status} {ended.Refusal}: {ended.Reason}");
            Assert.Contains("1 attached writer", ended.Refusal!.Message, StringComparison.Ordinal);
        }

        await AllStayedAsync(rig);
        await rig.MovesAsync(rig.South, "south");
        var again = await rig.South.GroupMoves.FailoverAsync(LiveSite.Admin, new GroupMoveRequest(rig.GroupId, "south", IsForced: true), None);
        Assert.Equal((null, null), (again.Value.OperationId, again.Value.Preview.Refusal));
    }

    [Theory]
    [InlineData("hand-over", false)]
    [InlineData("promote", true)]
    public async Task A_kill_before_the_generations_are_written_keeps_all_and_after_it_takes_all(string stage, bool isMoved)
    {
        await using var rig = await GroupRig.StartAsync(3);
        await rig.Writer.WriteAsync(rig.North, 30);
        await IsWholeAsync(rig);
        var (operationId, open) = await HeldAsync(rig, stage);
        var kill = rig.North.KillAsync();
        open();
        await kill;
        rig.North.AtStage = (_, _, _) => ValueTask.CompletedTask;
        await rig.North.StartAsync(None);
        var ended = await rig.North.Operations.WaitAsync(LiveSite.Admin, operationId, TimeSpan.FromSeconds(60), None);
        Assert.True(ended.Value.Status == (isMoved ? OperationStatus.Succeeded : OperationStatus.Failed), $"{ended.Value.Status}: {ended.Value.Reason}");
        if (isMoved)
        {
            await RecoveryTests.UntilAsync(async () => (await rig.DevicesAsync(rig.South)).TrueForAll(d => !((BlockVolume)d).IsReadOnly));
            Assert.Equal(30, await rig.Writer.AssertPrefixAsync(await rig.DevicesAsync(rig.South), 30, "the moved group"));
            return;
        }

        await AllStayedAsync(rig);
    }

    /// <summary>The group's move, held up where its second member reaches a stage.</summary>
    private static async Task<(string OperationId, Action Open)> HeldAsync(GroupRig rig, string stage)
    {
        var (reached, opened) = (new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously), new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        rig.North.AtStage = async (volumeId, at, token) =>
        {
            if (at == stage && volumeId == rig.VolumeIds[1] && reached.TrySetResult())
            {
                await opened.Task.WaitAsync(token);
            }
        };
        var operationId = "";
        await RecoveryTests.UntilAsync(async () =>
        {
            // As in MovesAsync: what is refused, or ends before it comes to that stage, is asked for again.
            var asked = await rig.North.GroupMoves.FailoverAsync(LiveSite.Admin, new GroupMoveRequest("database"), None);
            if (asked.IsRefused)
            {
                return false;
            }

            operationId = asked.Value.OperationId!;
            var ended = rig.North.Operations.WaitAsync(LiveSite.Admin, operationId, TimeSpan.FromSeconds(60), None).AsTask();
            return await Task.WhenAny(reached.Task, ended) == reached.Task;
        });
        return (operationId, () => opened.TrySetResult());
    }

    private static Task IsWholeAsync(GroupRig rig) => RecoveryTests.UntilAsync(() =>
        rig.North.Replications.List(LiveSite.Admin).All(r => r is { Status: ReplicationWords.Secondary, Source.LagBytes: 0 } && r.SourceSite == rig.North.Id));

    private static async Task AllStayedAsync(GroupRig rig)
    {
        await RecoveryTests.UntilAsync(async () => (await rig.DevicesAsync(rig.North)).TrueForAll(d => !((BlockVolume)d).IsReadOnly));
        Assert.All(rig.VolumeIds, v => Assert.Equal(1, Generations.Primary(StateView.Of(rig.North.Context.Replica), v)!.Current.Number));
        await RecoveryTests.UntilAsync(() => rig.North.Context.Replica.List(EntityKinds.Handover).Count == 0);
        await rig.Writer.WriteAsync(rig.North, 10);
    }
}
