using System.CommandLine;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Skerry.Blocks.Nbd;

namespace Skerry.Blocks.Tool;

internal sealed class ExportCommand : ToolCommand
{
    /// <summary>What a socket's address has room for, less the zero that ends it.</summary>
    private const int MaxSocketPathBytes = 107;

    private readonly Argument<string> _name = new("NAME") { Description = "The volume." };
    private readonly Option<string> _listen = new("--listen") { Description = "Address and port; port 0 takes a free one. Anyone who reaches it can use the disk." };
    private readonly Option<string> _unix = new("--unix") { Description = "A UNIX socket instead, for its owner alone." };
    private readonly Option<bool> _readOnly = new("--read-only") { Description = "Take no writes and change no file of the store; several may do so at once." };
    private readonly Option<string> _snapshot = new("--snapshot") { Description = "A snapshot instead of the volume itself; read-only." };

    private readonly Option<string> _keyFile = KeyFile.Option("The private key for which an encrypted volume's key was wrapped.");

    public ExportCommand()
        : base(
            "export",
            "Serve one volume over NBD until SIGINT or SIGTERM, then finish what is in flight and close the store. Prints the URI once it listens "
            + "(127.0.0.1:10809 unless told otherwise).",
            "skerry-blocks export ./store root",
            "skerry-blocks export ./store root --unix ./root.sock",
            "skerry-blocks export ./store root --read-only --snapshot before-upgrade --listen 127.0.0.1:0")
    {
        Arguments.Add(_name);
        Options.Add(_listen);
        Options.Add(_unix);
        Options.Add(_readOnly);
        Options.Add(_snapshot);
        Options.Add(_keyFile);
    }

    protected override async Task<int> RunAsync(ParseResult parsed, string directory, CancellationToken cancellationToken)
    {
        var (name, snapshot) = (parsed.GetValue(_name)!, parsed.GetValue(_snapshot));
        var endPoint = EndPointOf(parsed.GetValue(_listen), parsed.GetValue(_unix));
        var readOnly = parsed.GetValue(_readOnly) || snapshot is not null;
        using var key = KeyFile.Read(parsed.GetValue(_keyFile));
        await using var store = readOnly
            ? await BlockStore.OpenForReadingAsync(directory, key, cancellationToken)
            : await OpenAsync(directory, cancellationToken, key);
        var volume = await store.OpenAsync(name, cancellationToken);
        if (volume.WhyLocked is { } why)
        {
            throw new BlockException(BlockError.Locked, why);
        }

        if (!readOnly)
        {
            await volume.BeginRunAsync(volume.Lineage.Runs is [.., var last] ? last.Generation : 1, cancellationToken);
        }

        var device = snapshot is null ? volume : volume.OpenSnapshot(snapshot);
        var options = new NbdServerOptions
        {
            EndPoint = endPoint,
            OnTurnedAway = client => Console.Error.WriteLine($"client {client.Remote}: turned away, {client.Reason}"),
            OnFault = fault => Console.Error.WriteLine($"{fault.What}: {fault.Exception.Message}"),
        };
        await using (var server = new NbdServer(options, new OneVolume(name, device, readOnly), TimeProvider.System))
        {
            try
            {
                await server.StartAsync(cancellationToken);
            }
            catch (SocketException e)
            {
                throw new BlockException(BlockError.Io, $"{e.Message}. Choose another address with --listen or --unix, or stop what has it", e);
            }

            Console.WriteLine(Uri(server.LocalEndPoint, name));
            try
            {
                await Task.Delay(Timeout.Infinite, cancellationToken);
            }
            catch (OperationCanceledException)
            {
                await Console.Error.WriteLineAsync("stopping");
            }
        }

        return ExitCodes.Done;
    }

    private static EndPoint EndPointOf(string? listen, string? unix)
    {
        if (listen is not null && unix is not null)
        {
            throw new UsageException("Choose one of --listen and --unix.");
        }

        if (unix is not null)
        {
            var bytes = Encoding.UTF8.GetByteCount(unix);
            return bytes is > 0 and <= MaxSocketPathBytes
                ? new UnixDomainSocketEndPoint(unix)
                : throw new UsageException($"--unix takes the path of a socket, of 1 to {MaxSocketPathBytes} bytes, and this has {bytes}. Choose a shorter one, or one relative to the working directory.");
        }

        var (host, port) = (listen ?? "127.0.0.1:10809").LastIndexOf(':') is var colon && colon >= 0
            ? ((listen ?? "127.0.0.1:10809")[..colon], (listen ?? "127.0.0.1:10809")[(colon + 1)..])
            : (listen!, "10809");
        var address = host == "localhost" ? IPAddress.Loopback : IPAddress.TryParse(host.Trim('[', ']'), out var parsed) ? parsed : null;
        return address is not null && ushort.TryParse(port, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? new IPEndPoint(address, number)
            : throw new UsageException($"--listen takes ADDRESS:PORT, as in 127.0.0.1:10809, not '{listen}'.");
    }

    private static string Uri(EndPoint endPoint, string name) => endPoint is UnixDomainSocketEndPoint unix
        ? $"nbd+unix:///{System.Uri.EscapeDataString(name)}?socket={Path.GetFullPath(unix.ToString())}"
        : $"nbd://{endPoint}/{System.Uri.EscapeDataString(name)}";

    /// <summary>One disk under its own name, and under none, which is what clients ask for that name nothing.</summary>
    private sealed class OneVolume(string name, IBlockDevice device, bool readOnly) : INbdExports
    {
        public ValueTask<NbdExport?> OpenAsync(string exportName, NbdPeer peer, CancellationToken cancellationToken) => new(
            exportName.Length == 0 || exportName == name ? new NbdExport { Device = device, Label = name, ReadOnly = readOnly } : null);

        public ValueTask<IReadOnlyList<NbdListing>> ListAsync(NbdPeer peer, CancellationToken cancellationToken) => new([new NbdListing(name)]);
    }
}
