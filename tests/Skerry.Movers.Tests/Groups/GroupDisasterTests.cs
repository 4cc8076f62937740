using Skerry.Domain.Groups;
using Skerry.Domain.Operations;
using Skerry.Movers.Tests.Recovery;
using Skerry.TestKit.Seeds;

namespace Skerry.Movers.Tests.Groups;

/// <summary>
/// Writes ordered across eight volumes, and from a seed whatever may come: cut links, sites killed and started, the group promoted by
/// force with the promoting site killed at some moment in between. Every state that is kept for a cut, and every group that comes up,
/// holds a prefix of the order, at or after the recovery point that was told.
/// </summary>
public sealed class GroupDisasterTests
{
    private const int Members = 8;
    private static readonly CancellationToken None = CancellationToken.None;

    [Fact]
    public Task Every_recovery_point_of_a_group_shows_a_prefix_of_the_order_of_writes() =>
        Chance.ForEachSeedAsync(Seeds, seed => new Disaster(seed).RunAsync());

    /// <summary>SKERRY_GROUP_SEEDS in the environment asks for more.</summary>
    private static int Seeds => int.TryParse(Environment.GetEnvironmentVariable("SKERRY_GROUP_SEEDS"), out var seeds) ? seeds : 1;

    private sealed class Disaster(Chance chance)
    {
        public async Task RunAsync()
        {
            await using var rig = await GroupRig.StartAsync(Members);
            var (primary, replica) = (rig.North, rig.South);
            for (var round = 0; round < 2; round++)
            {
                using var stop = new CancellationTokenSource();
                var writing = rig.Writer.RunAsync(primary, stop.Token);
                await rig.NextPointAsync(replica);
                for (var step = chance.Below(4); step > 0; step--)
                {
                    await Task.Delay(chance.Below(300));
                    await TroubleAsync(rig, primary, replica);
                    await AssertKeptAsync(rig, replica);
                }

                // The links of the members break one after another, and then the site is gone.
                var told = (await rig.ShowAsync(replica)).RecoveryPoint!.Value;
                await Task.Delay(chance.Below(200));
                rig.Cloud.Cut(primary);
                await Task.Delay(chance.Below(30));
                await stop.CancelAsync();
                await writing;
                await primary.KillAsync();
                await rig.UntilDisconnectedAsync(replica);
                await AssertKeptAsync(rig, replica);
                var least = await rig.Writer.AssertPrefixAsync(await rig.DevicesAsync(replica, told), 0, "the recovery point that was told");
                await PromoteAsync(rig, replica);
                var last = await rig.Writer.AssertPrefixAsync(await rig.DevicesAsync(replica), least, "the promoted group");
                rig.Writer.GoOnAfter(last);
                await rig.Writer.WriteAsync(replica, 1 + chance.Below(60));
                rig.Cloud.CutOff.Clear();
                await primary.StartAsync(None);
                (primary, replica) = (replica, primary);
                await rig.NextPointAsync(replica);
                await AssertKeptAsync(rig, replica);
            }
        }

        private async Task TroubleAsync(GroupRig rig, LiveSite primary, LiveSite replica)
        {
            switch (chance.Below(3))
            {
                case 0:
                    primary.CutLinks();
                    break;
                case 1:
                    rig.Cloud.Cut(primary);
                    await Task.Delay(chance.Below(200));
                    rig.Cloud.CutOff.Clear();
                    break;
                default:
                    await replica.KillAsync();
                    await replica.StartAsync(None);
                    break;
            }
        }

        /// <summary>Each cut that all members keep is one instant, whatever else they keep.</summary>
        private static async Task AssertKeptAsync(GroupRig rig, LiveSite replica)
        {
            var common = new List<Cut>();
            foreach (var volumeId in rig.VolumeIds)
            {
                var own = (await replica.Marks.ListAsync(volumeId, None) ?? []).Where(m => m.IsInHistory).Select(m => m.Cut).ToList();
                common = volumeId == rig.VolumeIds[0] ? own : [.. common.Intersect(own)];
            }

            foreach (var cut in common)
            {
                try
                {
                    await rig.Writer.AssertPrefixAsync(await rig.DevicesAsync(replica, cut), 0, $"cut {cut}");
                }
                catch (Blocks.BlockException)
                {
                    // A newer one made it needless meanwhile.
                }
            }
        }

        /// <summary>The site that promotes is killed at some moment, and goes on after it.</summary>
        private async Task PromoteAsync(GroupRig rig, LiveSite at)
        {
            var asked = await at.GroupMoves.FailoverAsync(LiveSite.Admin, new GroupMoveRequest(rig.GroupId, at.Name, IsForced: true), None);
            Assert.False(asked.IsRefused, asked.Refusal?.ToString());
            var id = asked.Value.OperationId!;
            for (var kills = chance.Below(3); kills > 0; kills--)
            {
                await Task.Delay(chance.Below(120));
                await at.KillAsync();
                await at.StartAsync(None);
            }

            var operation = await at.Operations.WaitAsync(LiveSite.Admin, id, TimeSpan.FromSeconds(30), None);
            Assert.True(operation.Value.Status == OperationStatus.Succeeded, $"{operation.Value.Status}: {operation.Value.Reason}");
            await RecoveryTests.UntilAsync(async () => (await rig.DevicesAsync(at)).All(d => !((Blocks.BlockVolume)d).IsReadOnly));
        }
    }
}
