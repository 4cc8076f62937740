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
            processes='{string.Join(' ', stage.Sites.Select(s => s.Daemon.ProcessId).Append(carrier.ProcessId))}'
            kill $processes
            for process in $processes; do
              while kill -0 "$process" 2>/dev/null; do sleep 0.1; done
            done
            rm -rf '{stage.Directory}'

            """);
        File.SetUnixFileMode(stop, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);

        // A site that joined has put its own aside, so the demo writes one for all three.
        var clouds = stage.PathOf("clouds.yaml");
        await File.WriteAllTextAsync(clouds, "clouds:\n" + string.Concat(stage.Sites.Select(site => $"""
              {site.Name}:
                auth:
                  auth_url: {site.Environment["OS_AUTH_URL"]}
                  username: admin
                  password: {stage.AdminPassword}
                  project_name: admin
                  user_domain_name: Default
                  project_domain_name: Default
                region_name: {site.Name}
                identity_api_version: 3

            """)));
        File.SetUnixFileMode(clouds, UnixFileMode.UserRead | UnixFileMode.UserWrite);

        Console.WriteLine("The sites keep running:");
        foreach (var site in stage.Sites)
        {
            Console.WriteLine($"  {site.Name,-6} {site.Api}");
        }

        Console.WriteLine($"Look around: OS_CLIENT_CONFIG_FILE={clouds} artifacts/bin/skerry --os-cloud north replication list");
        Console.WriteLine($"Or:          OS_CLIENT_CONFIG_FILE={clouds} openstack --os-cloud south volume list");
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
