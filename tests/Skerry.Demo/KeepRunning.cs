using System.Net;
using System.Runtime.InteropServices;
using Skerry.TestKit.Processes;

namespace Skerry.Demo;

/// <summary><c>make demo KEEP=1</c>: the sites stay up when the demo ends, with what a person needs to look around and to stop them.</summary>
internal static class KeepRunning
{
    /// <summary>Hands north's wires to a process of their own, and says where everything is.</summary>
    public static async Task LeaveAsync(Stage stage)
    {
        var wires = stage.Wires.Select(w => $"{w.EndPoint.Port}:{w.Target.Port}").ToList();
        foreach (var wire in stage.Wires)
        {
            await wire.DisposeAsync();
        }

        var carrier = RunningProgram.Start(
            "setsid", ["dotnet", typeof(KeepRunning).Assembly.Location, "wires", .. wires], stage.PathOf("wires.log"));
        var stop = stage.PathOf("stop");
        await File.WriteAllTextAsync(stop, $"""
            #!/bin/sh
            # Stops the sites that the demo left running, and removes what they wrote.
            kill {string.Join(' ', stage.Sites.Select(s => s.Daemon.ProcessId).Append(carrier.ProcessId))}
            sleep 2
            rm -rf '{stage.Directory}'

            """);
        File.SetUnixFileMode(stop, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);

        Console.WriteLine("The sites keep running:");
        foreach (var site in stage.Sites)
        {
            Console.WriteLine($"  {site.Name,-6} {site.Api}  {Path.Combine(site.DataDirectory, "clouds.yaml")}");
        }

        Console.WriteLine($"Look around: OS_CLIENT_CONFIG_FILE={Path.Combine(stage.North.DataDirectory, "clouds.yaml")} artifacts/bin/skerry --os-cloud north replication list");
        Console.WriteLine($"Or:          OS_CLIENT_CONFIG_FILE={Path.Combine(stage.South.DataDirectory, "clouds.yaml")} openstack --os-cloud south volume list");
        Console.WriteLine($"Stop them:   {stop}");
    }

    /// <summary>Carries <c>port:target</c> wires until the process is told to stop.</summary>
    public static async Task CarryAsync(IEnumerable<string> wires)
    {
        var relays = wires.Select(w => w.Split(':')).Select(w => new TcpRelay(new IPEndPoint(IPAddress.Loopback, int.Parse(w[1])), int.Parse(w[0]))).ToList();
        var stopped = new TaskCompletionSource();
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, context =>
        {
            context.Cancel = true;
            stopped.TrySetResult();
        });
        await stopped.Task;
        foreach (var relay in relays)
        {
            await relay.DisposeAsync();
        }
    }
}
