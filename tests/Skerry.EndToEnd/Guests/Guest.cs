using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.RegularExpressions;
using Skerry.Demo;

namespace Skerry.EndToEnd.Guests;

/// <summary>Where a guest finds one of its disks.</summary>
internal sealed record GuestDisk(EndPoint Server, string Export);

/// <summary>A virtual machine, emulated, that boots from its first disk and does what it is told on its serial console.</summary>
internal sealed partial class Guest : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);
    private readonly Process _qemu;
    private readonly Task _reading;
    private readonly ConcurrentQueue<string> _console = [];
    private readonly ConcurrentDictionary<string, long> _committed = [];

    private Guest(Process qemu)
    {
        _qemu = qemu;
        _reading = Task.WhenAll(ReadAsync(qemu.StandardOutput), ReadAsync(qemu.StandardError));
    }

    /// <summary>The highest number that each database's load has reported as committed.</summary>
    public IReadOnlyDictionary<string, long> Committed => new Dictionary<string, long>(_committed);

    /// <summary>Boots, until the system on the first disk takes commands. A disk whose server is gone is waited for.</summary>
    public static async Task<Guest> BootAsync(IReadOnlyList<GuestDisk> disks, CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo("qemu-system-x86_64")
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        string[] machine = ["-accel", "tcg", "-cpu", "max", "-m", "256", "-nodefaults", "-display", "none", "-no-reboot", "-serial", "stdio"];
        Array.ForEach(machine, start.ArgumentList.Add);
        for (var i = 0; i < disks.Count; i++)
        {
            start.ArgumentList.Add("-blockdev");
            start.ArgumentList.Add(Blockdev(disks[i], $"disk{i}"));
            start.ArgumentList.Add("-device");
            start.ArgumentList.Add($"virtio-blk-pci,drive=disk{i}");
        }

        var guest = new Guest(Process.Start(start) ?? throw new InvalidOperationException("qemu-system-x86_64: did not start"));
        try
        {
            await guest.EventuallyAsync("the guest is ready", () => guest._console.Contains("ready"), cancellationToken);
            return guest;
        }
        catch
        {
            await guest.DisposeAsync();
            throw;
        }
    }

    /// <summary>Runs a command and returns what the console showed meanwhile.</summary>
    public async Task<IReadOnlyList<string>> RunAsync(string command, CancellationToken cancellationToken)
    {
        var before = _console.Count;
        await _qemu.StandardInput.WriteLineAsync(command);
        await _qemu.StandardInput.FlushAsync(cancellationToken);
        List<string> output = [];
        await EventuallyAsync($"'{command}' is done", () =>
        {
            output = [.. _console.Skip(before)];
            return output.Exists(line => line.StartsWith("done ", StringComparison.Ordinal));
        }, cancellationToken);
        Assert.True(output.Contains("done 0"), $"'{command}' failed in the guest:\n{string.Join('\n', output)}");
        return output;
    }

    /// <summary>Waits until each database's load has reported so many more commits.</summary>
    public Task CommitsAsync(long more, CancellationToken cancellationToken)
    {
        var from = Committed;
        return EventuallyAsync(
            $"{more} more transactions are committed on ext4 and on xfs",
            () => new[] { "ext4", "xfs" }.All(kind => Committed.GetValueOrDefault(kind) >= from.GetValueOrDefault(kind) + more),
            cancellationToken);
    }

    /// <summary>SIGKILL. What the guest had reported by then has been read when this returns.</summary>
    public async Task KillAsync()
    {
        if (!_qemu.HasExited)
        {
            _qemu.Kill();
        }

        await _qemu.WaitForExitAsync();
        await _reading;
    }

    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        _qemu.Dispose();
    }

    private static string Blockdev(GuestDisk disk, string name) => JsonSerializer.Serialize(new Dictionary<string, object>
    {
        ["driver"] = "nbd",
        ["node-name"] = name,
        ["server"] = disk.Server switch
        {
            UnixDomainSocketEndPoint unix => new Dictionary<string, string> { ["type"] = "unix", ["path"] = unix.ToString() },
            IPEndPoint ip => new Dictionary<string, string> { ["type"] = "inet", ["host"] = $"{ip.Address}", ["port"] = $"{ip.Port}" },
            _ => throw new ArgumentException($"no NBD server is at {disk.Server}", nameof(disk)),
        },
        ["export"] = disk.Export,
        ["discard"] = "unmap",
        ["reconnect-delay"] = 60,
    });

    private async Task ReadAsync(StreamReader from)
    {
        while (await from.ReadLineAsync() is { } line)
        {
            line = line.TrimEnd();
            _console.Enqueue(line);
            if (Report().Match(line) is { Success: true } report)
            {
                _committed[report.Groups[1].Value] = long.Parse(report.Groups[2].Value, CultureInfo.InvariantCulture);
            }
        }
    }

    private async Task EventuallyAsync(string what, Func<bool> condition, CancellationToken cancellationToken)
    {
        try
        {
            await Eventually.TrueAsync(what, Patience, () => _reading.IsCompleted && !condition()
                ? throw new InvalidOperationException($"the guest ended before {what}")
                : Task.FromResult(condition()), cancellationToken);
        }
        catch (Exception e) when (e is TimeoutException or InvalidOperationException)
        {
            throw new InvalidOperationException($"{e.Message}; the end of its console:\n{string.Join('\n', _console.TakeLast(60))}", e);
        }
    }

    [GeneratedRegex(@"^committed (\w+) (\d+);$")]
    private static partial Regex Report();
}
