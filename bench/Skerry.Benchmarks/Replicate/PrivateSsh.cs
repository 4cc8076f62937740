using System.Net;
using System.Net.Sockets;
using Skerry.TestKit.Processes;

namespace Skerry.Benchmarks.Replicate;

/// <summary>An sshd of the benchmark's own on loopback, with its own keys and the defaults of the package else.</summary>
internal sealed class PrivateSsh : IAsyncDisposable
{
    private readonly RunningProgram _daemon;

    private PrivateSsh(RunningProgram daemon, string configuration) => (_daemon, Configuration) = (daemon, configuration);

    /// <summary>The name of the host, to ssh and all that use it.</summary>
    public const string Host = "bench";

    /// <summary>For <c>ssh -F</c>.</summary>
    public string Configuration { get; }

    public string Command => $"ssh -F {Configuration}";

    public static async Task<PrivateSsh> StartAsync(string folder, CancellationToken cancellationToken)
    {
        var (host, user, config) = (Path.Combine(folder, "host_key"), Path.Combine(folder, "user_key"), Path.Combine(folder, "ssh_config"));
        foreach (var key in new[] { host, user })
        {
            (await ProgramRun.RunAsync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", key], TimeSpan.FromSeconds(20), cancellationToken)).Require();
        }

        if (Environment.UserName == "root")
        {
            // Where the package's start script would have made it.
            Directory.CreateDirectory("/run/sshd");
        }

        var port = FreePort.Take(1)[0];
        var daemonConfig = Path.Combine(folder, "sshd_config");
        await File.WriteAllLinesAsync(daemonConfig,
        [
            $"Port {port}", "ListenAddress 127.0.0.1", $"HostKey {host}", $"AuthorizedKeysFile {user}.pub", "PidFile none", "UsePAM no",
            "StrictModes no", "PasswordAuthentication no", "PermitRootLogin prohibit-password", "Subsystem sftp internal-sftp",
        ], cancellationToken);
        await File.WriteAllLinesAsync(config,
        [
            $"Host {Host}", "HostName 127.0.0.1", $"Port {port}", $"User {Environment.UserName}", $"IdentityFile {user}", "IdentitiesOnly yes",
            $"UserKnownHostsFile {Path.Combine(folder, "known_hosts")}", "StrictHostKeyChecking accept-new", "BatchMode yes", "LogLevel ERROR",
        ], cancellationToken);
        var daemon = RunningProgram.Start("/usr/sbin/sshd", ["-D", "-e", "-f", daemonConfig], Path.Combine(folder, "sshd.log"));
        var ssh = new PrivateSsh(daemon, config);
        try
        {
            await AnswersAsync(port, daemon, cancellationToken);
            (await ProgramRun.RunAsync("ssh", ["-F", config, Host, "true"], TimeSpan.FromSeconds(20), cancellationToken)).Require();
            return ssh;
        }
        catch
        {
            await ssh.DisposeAsync();
            throw;
        }
    }

    public ValueTask DisposeAsync() => _daemon.DisposeAsync();

    private static async Task AnswersAsync(int port, RunningProgram daemon, CancellationToken cancellationToken)
    {
        for (var attempt = 0; ; attempt++)
        {
            try
            {
                using var probe = new Socket(SocketType.Stream, ProtocolType.Tcp);
                await probe.ConnectAsync(IPAddress.Loopback, port, cancellationToken);
                return;
            }
            catch (SocketException e)
            {
                if (attempt > 100 || daemon.HasExited)
                {
                    throw new InvalidOperationException($"sshd does not answer: {daemon.LogTail()}", e);
                }

                await Task.Delay(50, cancellationToken);
            }
        }
    }
}
