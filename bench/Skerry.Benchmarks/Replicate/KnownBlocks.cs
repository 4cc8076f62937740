using System.Diagnostics;

namespace Skerry.Benchmarks.Replicate;

/// <summary>The least that ssh has to do for an increment: only what is known to have changed, put into one file and synced.</summary>
internal static class KnownBlocks
{
    public const string Name = "changed blocks through ssh";

    /// <returns>Seconds, without finding out what changed.</returns>
    public static async Task<double> SendAsync(PrivateSsh ssh, TestDisk disk, int seed, string target, CancellationToken cancellationToken)
    {
        List<(long Offset, int Length)> places = [];
        await disk.ChangeAsync(seed, (offset, data) =>
        {
            places.Add((offset, data.Length));
            return Task.CompletedTask;
        });
        var started = TimeProvider.System.GetTimestamp();
        var start = new ProcessStartInfo("ssh") { RedirectStandardInput = true, UseShellExecute = false };
        foreach (var argument in new[] { "-F", ssh.Configuration, PrivateSsh.Host, $"dd of={target} bs=1M iflag=fullblock conv=fsync status=none" })
        {
            start.ArgumentList.Add(argument);
        }

        using var process = Process.Start(start) ?? throw new InvalidOperationException("ssh did not start");
        await using (var file = File.OpenRead(disk.Path))
        {
            var buffer = new byte[64 << 10];
            foreach (var (offset, length) in places)
            {
                file.Position = offset;
                await file.ReadExactlyAsync(buffer.AsMemory(0, length), cancellationToken);
                await process.StandardInput.BaseStream.WriteAsync(buffer.AsMemory(0, length), cancellationToken);
            }
        }

        process.StandardInput.Close();
        await process.WaitForExitAsync(cancellationToken);
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException($"ssh ended with exit code {process.ExitCode}");
        }

        return TimeProvider.System.GetElapsedTime(started).TotalSeconds;
    }
}
