using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Skerry.Blocks.Nbd;

/// <summary>The file of a UNIX socket: left behind by a killed server, in nobody's way; in use, never taken from its user.</summary>
internal static partial class UnixSocketFile
{
    private const int AtWorkingDirectory = -100;
    private const uint TypeWanted = 1;
    private const int StatusBytes = 256;
    private const int ModeAt = 28;
    private const int TypeMask = 0xf000;
    private const int SocketType = 0xc000;

    /// <summary>Removes the file if it is a socket and no server answers on it; nothing else is ever taken away for a socket.</summary>
    /// <exception cref="SocketException">Something else has the name.</exception>
    public static async Task ClearAsync(UnixDomainSocketEndPoint endPoint, CancellationToken cancellationToken)
    {
        string path = endPoint.ToString();
        if (!File.Exists(path))
        {
            return;
        }

        if (!IsSocket(path))
        {
            throw new SocketException((int)SocketError.AddressAlreadyInUse, "there is a file of that name that is no socket; move it away, or choose another path");
        }

        using Socket probe = new(AddressFamily.Unix, System.Net.Sockets.SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await probe.ConnectAsync(endPoint, cancellationToken);
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.ConnectionRefused)
        {
            File.Delete(path);
        }
    }

    public static void Protect(EndPoint endPoint)
    {
        if (endPoint is UnixDomainSocketEndPoint && !OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(endPoint.ToString()!, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }
    }

    public static void Remove(EndPoint endPoint)
    {
        if (endPoint is UnixDomainSocketEndPoint)
        {
            File.Delete(endPoint.ToString()!);
        }
    }

    private static unsafe bool IsSocket(string path)
    {
        // struct statx, in which the mode stands at the same place on every architecture.
        byte* status = stackalloc byte[StatusBytes];
        return Status(AtWorkingDirectory, path, 0, TypeWanted, status) == 0 && (*(ushort*)(status + ModeAt) & TypeMask) == SocketType;
    }

    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8)]
    private static unsafe partial int Status(int directory, string path, int flags, uint mask, byte* status);
}
