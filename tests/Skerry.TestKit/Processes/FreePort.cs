using System.Net;
using System.Net.Sockets;

namespace Skerry.TestKit.Processes;

/// <summary>Ports on loopback that nobody listens on at the moment.</summary>
public static class FreePort
{
    /// <summary>As many different ports as asked for; all are held until the last is found, so that none comes twice.</summary>
    public static IReadOnlyList<int> Take(int count)
    {
        var listeners = Enumerable.Range(0, count).Select(_ => new TcpListener(IPAddress.Loopback, 0)).ToList();
        try
        {
            return [.. listeners.Select(l =>
            {
                l.Start();
                return ((IPEndPoint)l.LocalEndpoint).Port;
            })];
        }
        finally
        {
            listeners.ForEach(l => l.Dispose());
        }
    }
}
