using Skerry.TestKit.Processes;

namespace Skerry.Benchmarks.Replicate;

/// <summary>The peers that this machine has; those that it lacks are told in a plain word.</summary>
internal sealed class TransferPeers : IAsyncDisposable
{
    public const string Rsync = "rsync", RsyncInPlace = "rsync --inplace -B4096", Btrfs = "btrfs send | ssh", Restic = "restic", NbdCopy = "nbdcopy";

    private readonly List<IAsyncDisposable> _running = [];
    private readonly List<string> _mounts = [];
    private readonly string _folder;
    private readonly TestDisk _disk;

    private readonly Selection _selection;

    private TransferPeers(string folder, TestDisk disk, Selection selection) => (_folder, _disk, _selection) = (folder, disk, selection);

    public List<TransferPeer> All { get; } = [];

    public PrivateSsh? Ssh { get; private set; }

    public static async Task<TransferPeers> StartAsync(string folder, TestDisk disk, Selection selection, CancellationToken cancellationToken)
    {
        var peers = new TransferPeers(folder, disk, selection);
        try
        {
            await peers.AddAsync(cancellationToken);
            return peers;
        }
        catch
        {
            await peers.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var one in _running)
        {
            await one.DisposeAsync();
        }

        foreach (var mount in _mounts)
        {
            await ProgramRun.RunAsync("umount", [mount], TimeSpan.FromMinutes(1), CancellationToken.None);
        }
    }

    private async Task AddAsync(CancellationToken cancellationToken)
    {
        if (_selection.Peers is ["none"])
        {
            return;
        }

        if (Has("sshd") && Has("ssh"))
        {
            var keys = Directory.CreateDirectory(Path.Combine(_folder, "ssh")).FullName;
            Ssh = await PrivateSsh.StartAsync(keys, cancellationToken);
            _running.Add(Ssh);
            if (Has("rsync"))
            {
                All.Add(OfRsync(Rsync, "rsync.img", "--sparse"));
                All.Add(OfRsync(RsyncInPlace, "rsync-inplace.img", "--inplace", "-B4096"));
            }

            if (_selection.TakesPeer(Btrfs) && Has("btrfs"))
            {
                await AddBtrfsAsync(cancellationToken);
            }

            if (Has("restic"))
            {
                All.Add(OfRestic());
            }
        }

        if (Has("nbdkit") && Has("nbdcopy"))
        {
            All.Add(OfNbdCopy());
        }

        All.RemoveAll(p => !_selection.TakesPeer(p.Name));
    }

    private static bool Has(string program)
    {
        var has = $"{Environment.GetEnvironmentVariable("PATH")}:/usr/sbin:/sbin".Split(':').Any(d => File.Exists(Path.Combine(d, program)));
        if (!has)
        {
            Console.Error.WriteLine($"bench: {program} is not installed; what needs it is left out (eng/setup bench installs it)");
        }

        return has;
    }

    private TransferPeer OfRsync(string name, string file, params string[] options)
    {
        var target = Path.Combine(_folder, file);
        return new TransferPeer(
            name,
            _ => DeleteAsync(target),
            token => RunAsync(token, "rsync", [.. options, "-e", Ssh!.Command, _disk.Path, $"{PrivateSsh.Host}:{target}"]));
    }

    private TransferPeer OfRestic()
    {
        var repository = Path.Combine(_folder, "restic");
        var environment = new Dictionary<string, string?> { ["RESTIC_PASSWORD"] = "bench", ["RESTIC_CACHE_DIR"] = Path.Combine(_folder, "restic.cache") };
        string[] at = ["-q", "-r", $"sftp:{PrivateSsh.Host}:{repository}", "-o", $"sftp.command={Ssh!.Command} {PrivateSsh.Host} -s sftp"];
        return new TransferPeer(
            Restic,
            async token =>
            {
                if (Directory.Exists(repository))
                {
                    Directory.Delete(repository, recursive: true);
                }

                await RunAsync(token, "restic", [.. at, "init"], environment);
            },
            token => RunAsync(token, "restic", [.. at, "backup", _disk.Path], environment));
    }

    /// <summary>Over TCP on loopback, in the clear, from one nbdkit to another.</summary>
    private TransferPeer OfNbdCopy()
    {
        var target = Path.Combine(_folder, "nbdcopy.img");
        return new TransferPeer(
            NbdCopy,
            _ =>
            {
                using var stream = File.Create(target);
                stream.SetLength(_disk.SizeBytes);
                return Task.CompletedTask;
            },
            async token =>
            {
                var ports = FreePort.Take(2);
                await RunAsync(token, "nbdkit",
                [
                    "-i", "127.0.0.1", "-p", $"{ports[0]}", "file", _disk.Path, "--run",
                    $"nbdkit -i 127.0.0.1 -p {ports[1]} file '{target}' --run 'nbdcopy --flush nbd://127.0.0.1:{ports[0]} nbd://127.0.0.1:{ports[1]}'",
                ]);
            },
            KnowsIncrements: false);
    }

    private async Task AddBtrfsAsync(CancellationToken cancellationToken)
    {
        var (from, to) = (Path.Combine(_folder, "btrfs.from"), Path.Combine(_folder, "btrfs.to"));
        foreach (var mount in new[] { from, to })
        {
            var image = $"{mount}.img";
            await using (var stream = File.Create(image))
            {
                stream.SetLength(_disk.SizeBytes * 3);
            }

            Directory.CreateDirectory(mount);
            var made = await ProgramRun.RunAsync("mkfs.btrfs", ["-q", image], TimeSpan.FromMinutes(1), cancellationToken);
            var mounted = made.ExitCode == 0
                ? await ProgramRun.RunAsync("mount", ["-o", "loop", image, mount], TimeSpan.FromMinutes(1), cancellationToken)
                : made;
            if (mounted.ExitCode != 0)
            {
                await Console.Error.WriteLineAsync($"bench: btrfs cannot be mounted here and is left out: {mounted.Errors.Trim()}");
                return;
            }

            _mounts.Add(mount);
        }

        var (volume, last, next) = (Path.Combine(from, "volume"), 0, 0);
        async Task DropAsync(CancellationToken token)
        {
            foreach (var subvolume in Directory.GetDirectories(from).Concat(Directory.GetDirectories(to)))
            {
                await RunAsync(token, "btrfs", ["subvolume", "delete", subvolume]);
            }

            (last, next) = (0, next + 1);
            await RunAsync(token, "btrfs", ["subvolume", "create", volume]);
        }

        All.Add(new TransferPeer(
            Btrfs,
            DropAsync,
            async token =>
            {
                var parent = last == 0 ? "" : $"-p {from}/s{last}";
                await RunAsync(token, "sh", ["-c", $"btrfs -q send {parent} {from}/s{next} | {Ssh!.Command} {PrivateSsh.Host} btrfs -q receive {to}"]);
                last = next;
            },
            async token =>
            {
                next++;
                var file = Path.Combine(volume, "disk");
                if (last == 0)
                {
                    await RunAsync(token, "cp", ["--sparse=always", _disk.Path, file]);
                }
                else if (LastChange is { } seed)
                {
                    await _disk.ChangeFileAsync(file, seed, token);
                }

                await RunAsync(token, "sync", ["-f", from]);
                await RunAsync(token, "btrfs", ["subvolume", "snapshot", "-r", volume, $"{from}/s{next}"]);
            }));
    }

    /// <summary>What the disk's file was last changed with, for those that keep the disk elsewhere; null when nothing changed.</summary>
    public int? LastChange { get; set; }

    private static Task DeleteAsync(string file)
    {
        File.Delete(file);
        return Task.CompletedTask;
    }

    private static async Task RunAsync(
        CancellationToken cancellationToken, string program, IEnumerable<string> arguments, IReadOnlyDictionary<string, string?>? environment = null) =>
        (await ProgramRun.RunAsync(program, arguments, TimeSpan.FromMinutes(5), cancellationToken, environment)).Require();
}
