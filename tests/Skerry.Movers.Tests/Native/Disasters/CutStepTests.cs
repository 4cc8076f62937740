using Skerry.Movers.Native;

namespace Skerry.Movers.Tests.Native.Disasters;

/// <summary>A link that is cut in the middle of a step that takes several changes on disk.</summary>
public sealed class CutStepTests
{
    /// <summary>
    /// The step was once cancelled with the link. What memory knew of the copy then was not what the disk held, and an empty disk could be
    /// promoted, or blocks be put over a whole state without keeping it.
    /// </summary>
    [Theory]
    [InlineData(MoverSteps.RecoverySnapshotTaken)]
    [InlineData(MoverSteps.CatchUpBegun)]
    [InlineData(MoverSteps.LineageAdopted)]
    [InlineData(MoverSteps.PointSaved)]
    [InlineData(MoverSteps.RecoverySnapshotDropped)]
    [InlineData(MoverSteps.CatchUpEnded)]
    public async Task A_copy_whose_link_was_cut_is_whole_or_none_and_opens_for_writing_when_promoted(string moment)
    {
        await using var cloud = new TestCloud();
        var (north, south) = (cloud.Add(1), cloud.Add(2));
        cloud.Begin(north);
        var source = await north.CreateAsync(1 << 20);
        await NativeMoverTests.WriteAsync(source, 0, 300_000, seed: 1);
        south.Arm(moment, 1, Blow.Cut, new Random(1));
        north.Mover.Synchronize(north.TaskTo(south));
        var deadline = DateTime.UtcNow.AddSeconds(60);
        while (south.IsArmed)
        {
            Assert.True(DateTime.UtcNow < deadline, "it never came there");
            await Task.Delay(2);
        }

        cloud.IsCutOff = true;
        using (var hold = await south.Replicas.SettleAsync(TestCloud.Volume, CancellationToken.None))
        {
            var copy = await south.OpenAsync();
            if (hold.Copy is not null)
            {
                Assert.Equal(source.Lineage, copy.Lineage);
                await NativeMoverTests.AssertSameAsync(source, copy);
                await copy.BeginRunAsync(2, CancellationToken.None);
                await copy.EndRunAsync(CancellationToken.None);
                return;
            }

            Assert.Equal(0, copy.Lineage.LastNumber);
        }

        cloud.IsCutOff = false;
        await north.FollowAsync(south);
        await NativeMoverTests.AssertSameAsync(source, await south.OpenAsync());
    }
}
