using Skerry.Domain.Conflicts;
using Skerry.Domain.Operations;
using Skerry.Domain.Volumes;
using Skerry.TestKit.Domain;
using Skerry.TestKit.Seeds;
using Skerry.TestKit.Time;

namespace Skerry.Domain.Tests.Volumes;

public sealed class VolumesAtRandomTests
{
    private static readonly CancellationToken None = CancellationToken.None;
    private static readonly Actor Ann = DomainSite.Member("ann", "p1");

    [Fact]
    public async Task Whatever_is_asked_at_sites_that_meet_and_part_and_crash_the_state_and_the_disks_agree_in_the_end() =>
        await Chance.ForEachSeedAsync(40, async chance =>
        {
            var time = new ManualTime();
            DomainSite[] sites = [await DomainSite.StartAsync("north", time), await DomainSite.StartAsync("south", time)];
            await DomainSite.ExchangeAsync(sites[0], sites[1]);
            for (var step = 0; step < 60; step++)
            {
                time.Advance(TimeSpan.FromSeconds(chance.Below(20)));
                await StepAsync(chance, sites);
            }

            for (var round = 0; round < 4; round++)
            {
                await MeetAsync(sites);
            }

            // What was written beside a deletion that it did not know waits for a person, and for nothing else.
            for (var round = 0; round < 20 && sites[0].Conflicts.List(DomainSite.Admin).Any(IsAboutDeletion); round++)
            {
                await ChooseAsync(chance, sites[0]);
                await MeetAsync(sites);
                await MeetAsync(sites);
            }

            await CheckAsync(sites);
            await sites[0].DisposeAsync();
            await sites[1].DisposeAsync();
        });

    private static async Task MeetAsync(DomainSite[] sites)
    {
        await DomainSite.ExchangeAsync(sites[0], sites[1]);
        await sites[0].SettleAsync();
        await sites[1].SettleAsync();
    }

    private static bool IsAboutDeletion(ConflictView conflict) => conflict.Type is ConflictTypes.PendingDelete or ConflictTypes.Reference;

    private static async Task ChooseAsync(Chance chance, DomainSite site)
    {
        foreach (var conflict in site.Conflicts.List(DomainSite.Admin).Where(IsAboutDeletion))
        {
            foreach (var made in conflict.Losers.Where(l => l.What!.StartsWith("snapshot/", StringComparison.Ordinal)))
            {
                await site.Snapshots.DeleteAsync(Ann, made.What!["snapshot/".Length..], None);
            }

            if (conflict.Type == ConflictTypes.PendingDelete)
            {
                await site.Conflicts.PickAsync(DomainSite.Admin, conflict.Id, chance.Below(2), None);
            }
        }
    }

    private static async Task StepAsync(Chance chance, DomainSite[] sites)
    {
        var site = chance.Pick(sites);
        var volumes = site.Volumes.List(Ann, new VolumeFilter());
        var volume = volumes.Count == 0 ? "none" : chance.Pick(volumes).Id;
        switch (chance.Below(11))
        {
            // Few volumes, so that requests from both sites meet at one.
            case 0 or 1 when volumes.Count < 2:
                await site.Volumes.CreateAsync(Ann, new() { SizeGib = 1 + chance.Below(3), Site = chance.Pick(["north", "south"]) }, None);
                break;
            case 2 when volumes.Count < 4:
                await site.Volumes.CreateAsync(Ann, new() { SourceVolumeId = volume, SizeGib = chance.OneIn(2) ? 8 : null }, None);
                break;
            case 0 or 1 or 3:
                await site.Volumes.ExtendAsync(Ann, volume, 1 + chance.Below(9), None);
                break;
            case 4:
                await site.Volumes.DeleteAsync(Ann, volume, cascade: chance.OneIn(2), None);
                break;
            case 5:
                await site.Snapshots.CreateAsync(Ann, new(volume), None);
                break;
            case 6:
                await site.Volumes.UpdateAsync(Ann, volume, new() { Name = $"name-{chance.Below(100)}" }, None);
                break;
            case 7:
                var queued = site.Operations.List(Ann, new OperationFilter { Status = OperationStatus.Queued });
                if (queued.Count > 0)
                {
                    await site.Operations.CancelAsync(Ann, chance.Pick(queued).Id, None);
                }

                break;
            case 8:
                await sites[0].SendAsync(sites[1]);
                break;
            case 9:
                await sites[1].SendAsync(sites[0]);
                break;
            case 2 or 10:
                // Begins what can begin, and dies at once or later.
                await site.OperationReconciler.StepAsync(None);
                if (chance.OneIn(2))
                {
                    await site.RestartAsync();
                }

                break;
        }
    }

    private static async Task CheckAsync(DomainSite[] sites)
    {
        Assert.Equal(sites[0].Replica.Digest(), sites[1].Replica.Digest());
        Assert.Empty(sites[0].Operations.List(Ann, new OperationFilter { UnfinishedOnly = true }));
        foreach (var site in sites)
        {
            var shown = site.Volumes.List(DomainSite.Admin, new VolumeFilter { AllProjects = true, Site = site.Context.SiteName });
            var held = (await site.Driver.ListLocalAsync(None)).ToDictionary(v => v.VolumeId);
            foreach (var volume in shown.Where(v => v.Status == VolumeStatus.Available))
            {
                Assert.True(held.Remove(volume.Id, out var local), $"volume {volume.Id} is available and not there");
                Assert.Equal((volume.SizeBytes, volume.Primary!.Current.Number), (local.SizeBytes, local.OpenGeneration));
                var snapshots = site.Snapshots.List(Ann, new SnapshotFilter { VolumeId = volume.Id, Status = VolumeStatus.Available });
                Assert.Equal(snapshots.Select(s => s.Id).Order(StringComparer.Ordinal), local.SnapshotIds);
            }

            // What is in error may have left data, which its deletion takes away.
            Assert.All(held.Keys, id => Assert.Contains(shown, v => v.Id == id && v.Status == VolumeStatus.Error));
            Assert.All(shown, v => Assert.Contains(v.Status, (string[])[VolumeStatus.Available, VolumeStatus.Error]));
        }
    }
}
