using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Skerry.Domain.Recovery;

/// <summary>
/// Time since this machine booted. Nobody sets it, and it runs on while the machine sleeps: the one clock that a lease may be measured
/// with. It means nothing at another machine, nor after a restart of this one.
/// </summary>
public abstract class BootClock
{
    /// <summary>The kernel's CLOCK_BOOTTIME.</summary>
    public static BootClock System { get; } = new Kernel();

    /// <summary>Never goes back.</summary>
    public abstract TimeSpan Now { get; }

    private sealed class Kernel : BootClock
    {
        private const int BootTime = 7;

        public override TimeSpan Now => GetTime(BootTime, out var now) == 0
            ? TimeSpan.FromTicks(checked((now.Seconds * TimeSpan.TicksPerSecond) + (now.Nanoseconds / TimeSpan.NanosecondsPerTick)))
            : throw new UnreachableException("the kernel has no CLOCK_BOOTTIME");

        [DllImport("libc", EntryPoint = "clock_gettime")]
        [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
        private static extern int GetTime(int clock, out Timespec time);

        [StructLayout(LayoutKind.Sequential)]
        private readonly struct Timespec
        {
            public readonly long Seconds;
            public readonly long Nanoseconds;
        }
    }
}
