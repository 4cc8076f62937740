using System.Net;
using System.Net.Sockets;

namespace Skerry.Blocks.Nbd;

/// <summary>The file of a UNIX socket: left behind by a killed server, in nobody's way; in use, never taken from its user.</summary>
internal static class UnixSocketFile
{
    /// <summary>Removes the file if no server answers on it.</summary>
    public static async Task ClearAsync(UnixDomainSocketEndPoint endPoint, CancellationToken cancellationToken)
    {
        string path = endPoint.ToString();
        if (!File.Exists(path))
        {
            return;
        }

        using Socket probe = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
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
}
