using System.Net.Sockets;

namespace Skerry.Blocks.Tests.Nbd.Fuzz;

/// <summary>One connection at a time: says what no client should, and ends as a client may: politely, in the middle, or gone.</summary>
internal sealed class HostileClient(Served served, Random random)
{
    /// <summary>Requests that were answered.</summary>
    public long Answered { get; private set; }

    /// <summary>Runs one connection, and returns how many messages it sent.</summary>
    public int Run() => random.Next(8) switch
    {
        0 or 1 => Haggle(),
        2 or 3 => GoOnBlindly(),
        _ => Transmit(),
    };

    private int Haggle()
    {
        using RawClient client = RawClient.Greet(served.Server.LocalEndPoint, random.Next(10) == 0 ? (uint)random.NextInt64(1L << 32) : (uint)random.Next(4));
        HostileMessages messages = new(random);
        List<byte> bytes = [];
        int count = random.Next(1, 150);
        for (int i = 0; i < count; i++)
        {
            bytes.AddRange(messages.Option());
        }

        bytes.AddRange(random.Next(2) == 0 ? messages.Broken() : messages.LastOption());
        Exchange(client, random.Next(4) == 0 ? messages.Mutate([.. bytes]) : [.. bytes], vanishes: random.Next(4) == 0);
        return count + 1;
    }

    /// <summary>Options and requests in one go, without a look at what the server says; whether they get into transmission is the server's business.</summary>
    private int GoOnBlindly()
    {
        using RawClient client = RawClient.Greet(served.Server.LocalEndPoint, (uint)random.Next(4));
        HostileMessages messages = new(random);
        using MemoryStream bytes = new();
        int options = random.Next(5), requests = random.Next(1, 400);
        for (int i = 0; i < options; i++)
        {
            bytes.Write(messages.Option());
        }

        bytes.Write(messages.LastOption());
        for (int i = 0; i < requests; i++)
        {
            bytes.Write(messages.Request());
        }

        Exchange(client, random.Next(3) == 0 ? messages.Mutate(bytes.ToArray()) : bytes.ToArray(), vanishes: random.Next(4) == 0);
        return options + 1 + requests;
    }

    private int Transmit()
    {
        bool structured = random.Next(4) != 0;
        using RawClient client = served.Connect(structured, allocation: random.Next(3) != 0);
        HostileMessages messages = new(random);
        using MemoryStream bytes = new();
        int count = random.Next(1, 800);
        for (int i = 0; i < count; i++)
        {
            bytes.Write(messages.Request());
        }

        int ending = random.Next(8);
        if (ending == 0)
        {
            Exchange(client, messages.Mutate(bytes.ToArray()), vanishes: false);
            return count;
        }

        if (ending == 1)
        {
            Exchange(client, bytes.ToArray(), vanishes: true);
            return count;
        }

        bool isPolite = ending > 3;
        bytes.Write(!isPolite ? messages.Broken() : random.Next(2) == 0 ? RawClient.Request(RawClient.Disconnect, 0, 0, 0) : []);
        messages.Asked.Add(0, (RawClient.Write, 0));
        int answered = Replies.Judge(Exchange(client, bytes.ToArray(), vanishes: false), messages.Asked, structured);
        Answered += answered;
        if (isPolite)
        {
            Assert.Equal(count, answered);
        }

        return count;
    }

    /// <summary>
    /// Sends all, half-closes, and takes what comes until the server closes. One that vanishes takes little of it, and is gone.
    /// </summary>
    private byte[] Exchange(RawClient client, byte[] bytes, bool vanishes)
    {
        int takesBytes = vanishes ? random.Next(3) * random.Next(200_000) : int.MaxValue;
        Task sending = Task.Run(() =>
        {
            try
            {
                client.Send(bytes);
                client.Socket.Shutdown(SocketShutdown.Send);
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                // The server has heard enough, or the client has.
            }
        });
        using MemoryStream replies = new();
        byte[] buffer = new byte[65_536];
        try
        {
            for (int received; replies.Length < takesBytes && (received = client.Socket.Receive(buffer)) > 0;)
            {
                replies.Write(buffer, 0, received);
            }
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.ConnectionReset)
        {
            // Closed with bytes of ours unread.
        }

        if (vanishes)
        {
            client.Socket.LingerState = new LingerOption(true, 0);
            client.Socket.Dispose();
        }

        sending.Wait();
        return replies.ToArray();
    }
}
