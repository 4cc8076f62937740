using System.Diagnostics;

namespace Skerry.Cli.Snapshot;

/// <summary>An NBD export as a read-only file of this machine, through libnbd's <c>nbdfuse</c>, for programs that read files.</summary>
internal sealed class NbdFile : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly string _folder;
    private readonly Process _server;

    private NbdFile(string folder, Process server)
    {
        (_folder, _server) = (folder, server);
    }

    public string Path => System.IO.Path.Combine(_folder, "disk");

    public static async Task<NbdFile> OpenAsync(string uri, CancellationToken cancellationToken)
    {
        var folder = Directory.CreateTempSubdirectory("skerry-diff-").FullName;
        NbdFile? file = null;
        try
        {
            file = new NbdFile(folder, Tool.Start("nbdfuse", ["--readonly", System.IO.Path.Combine(folder, "disk"), uri]));
            for (var deadline = DateTime.UtcNow + Patience; !File.Exists(file.Path); await Task.Delay(50, cancellationToken))
            {
                if (file._server.HasExited || DateTime.UtcNow > deadline)
                {
                    throw new DidNotSucceedException(
                        "nbdfuse could not open the snapshot as a file.", "It needs /dev/fuse and leave to mount; show ranges without --files elsewhere.");
                }
            }

            return file;
        }
        catch
        {
            if (file is not null)
            {
                await file.DisposeAsync();
            }
            else
            {
                Directory.Delete(folder);
            }

            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (!_server.HasExited)
        {
            await Tool.RunAsync("fusermount3", ["-u", _folder], CancellationToken.None);
            using var patience = new CancellationTokenSource(Patience);
            try
            {
                await _server.WaitForExitAsync(patience.Token);
            }
            catch (OperationCanceledException)
            {
                _server.Kill();
            }
        }

        _server.Dispose();
        if (!File.Exists(Path))
        {
            Directory.Delete(_folder);
        }
    }
}
