using Skerry.Simulation.Runs;

namespace Skerry.Simulation.Faults;

/// <summary>Processes die, and disks are full. (Faults of single writes are drawn by the disk.)</summary>
internal static class ProcessTrouble
{
    public static void Plan(World world)
    {
        Trouble.Repeat(world, FaultKind.Crash, 1, 10, () =>
        {
            if (world.Chance.Pick(world.Sites) is { IsUp: true } site)
            {
                world.Crash(site, FaultKind.Crash);
            }
        });
        Trouble.Repeat(world, FaultKind.FullDisk, 2, 12, () =>
        {
            var disk = world.Chance.Pick(world.Sites).Disk;
            disk.IsFull = true;
            world.Time.After(world.Between(0.2, 8), () => disk.IsFull = false);
        });
    }
}
