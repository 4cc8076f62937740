namespace Skerry.Demo;

/// <summary><c>make demo KEEP=1</c>: the sites stay up, with what a person needs to look around, until Ctrl-C.</summary>
internal static class KeepRunning
{
    public static void Explain(Stage stage)
    {
        Console.WriteLine("The sites keep running until Ctrl-C. Each has its credentials in its data directory:");
        foreach (var site in stage.Sites)
        {
            Console.WriteLine($"  {site.Name,-6} {site.Api}  {Path.Combine(site.DataDirectory, "clouds.yaml")}");
        }

        Console.WriteLine($"Try: OS_CLIENT_CONFIG_FILE={Path.Combine(stage.South.DataDirectory, "clouds.yaml")} artifacts/bin/skerry --os-cloud south replication list");
        Console.WriteLine($"Or:  OS_CLIENT_CONFIG_FILE={Path.Combine(stage.North.DataDirectory, "clouds.yaml")} openstack --os-cloud north volume list");
    }

    public static async Task UntilStoppedAsync()
    {
        var stopped = new TaskCompletionSource();
        using var interrupt = System.Runtime.InteropServices.PosixSignalRegistration.Create(
            System.Runtime.InteropServices.PosixSignal.SIGINT, Stop);
        using var terminate = System.Runtime.InteropServices.PosixSignalRegistration.Create(
            System.Runtime.InteropServices.PosixSignal.SIGTERM, Stop);
        await stopped.Task;

        void Stop(System.Runtime.InteropServices.PosixSignalContext context)
        {
            context.Cancel = true;
            stopped.TrySetResult();
        }
    }
}
