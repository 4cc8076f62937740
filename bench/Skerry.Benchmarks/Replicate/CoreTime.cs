using System.Globalization;

namespace Skerry.Benchmarks.Replicate;

/// <summary>What all cores of the machine did, in seconds since it started; the first line of /proc/stat, in hundredths there.</summary>
internal readonly record struct CoreTime(double BusySeconds, double IdleSeconds, double WaitingSeconds)
{
    private const double TicksPerSecond = 100;

    public static CoreTime Now()
    {
        // user, nice, system, idle, iowait, irq, softirq, steal
        var ticks = File.ReadLines("/proc/stat").First().Split(' ', StringSplitOptions.RemoveEmptyEntries).Skip(1)
            .Select(t => double.Parse(t, CultureInfo.InvariantCulture) / TicksPerSecond).ToArray();
        return new CoreTime(ticks[0] + ticks[1] + ticks[2] + ticks[5] + ticks[6], ticks[3], ticks[4]);
    }

    /// <summary>What one process used, over all of its threads.</summary>
    public static double Of(int processId)
    {
        // The name, in parentheses, may hold anything; fields 14 and 15 are the user's and the system's time.
        var stat = File.ReadAllText($"/proc/{processId}/stat");
        var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        return (double.Parse(fields[11], CultureInfo.InvariantCulture) + double.Parse(fields[12], CultureInfo.InvariantCulture)) / TicksPerSecond;
    }

    public static CoreTime operator -(CoreTime after, CoreTime before) => new(
        after.BusySeconds - before.BusySeconds, after.IdleSeconds - before.IdleSeconds, after.WaitingSeconds - before.WaitingSeconds);

    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture, $"cores busy {BusySeconds:0.00} s, idle {IdleSeconds:0.00}, waiting for disks {WaitingSeconds:0.00}");
}
