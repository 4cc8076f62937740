using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Skerry.Blocks.Nbd;

/// <summary>
/// The calls themselves, since <see cref="Socket"/> can neither try to receive, nor send many pieces, without blocking on a socket that
/// otherwise blocks.
/// </summary>
internal static unsafe partial class SocketCalls
{
    private const int MaxPieces = 64;
    private const int DontWait = 0x40;
    private const int NoSignal = 0x4000;
    private const int Interrupted = 4;
    private const int WouldBlock = 11;
    private const short PollOut = 4;

    /// <summary>Bytes sent; 0 when it would have to block and may not; negative when the connection has ended.</summary>
    public static long Send(SafeSocketHandle socket, List<ArraySegment<byte>> pieces, bool mayBlock)
    {
        int count = Math.Min(pieces.Count, MaxPieces);
        Vector* vectors = stackalloc Vector[count];
        Span<PinnedGCHandle<byte[]>> pins = stackalloc PinnedGCHandle<byte[]>[count];
        for (int i = 0; i < count; i++)
        {
            ArraySegment<byte> piece = pieces[i];
            pins[i] = new PinnedGCHandle<byte[]>(piece.Array!);
            vectors[i] = new Vector { Start = pins[i].GetAddressOfArrayData() + piece.Offset, Bytes = (nuint)piece.Count };
        }

        try
        {
            Message message = new() { Vectors = vectors, VectorCount = (nuint)count };
            while (true)
            {
                nint sent = SendMessage(socket, &message, mayBlock ? NoSignal : NoSignal | DontWait);
                if (sent >= 0)
                {
                    return sent;
                }

                int error = Marshal.GetLastPInvokeError();
                if (error != Interrupted)
                {
                    return error == WouldBlock ? 0 : -1;
                }
            }
        }
        catch (ObjectDisposedException)
        {
            return -1;
        }
        finally
        {
            foreach (ref PinnedGCHandle<byte[]> pin in pins)
            {
                pin.Dispose();
            }
        }
    }

    /// <summary>Bytes received; 0 when it would have to block and may not; negative when the connection has ended.</summary>
    public static int Receive(SafeSocketHandle socket, Span<byte> buffer, bool mayBlock)
    {
        try
        {
            fixed (byte* start = buffer)
            {
                while (true)
                {
                    nint received = Receive(socket, start, (nuint)buffer.Length, mayBlock ? 0 : DontWait);
                    if (received != -1)
                    {
                        return received == 0 ? -1 : (int)received;
                    }

                    int error = Marshal.GetLastPInvokeError();
                    if (error != Interrupted)
                    {
                        return error == WouldBlock ? 0 : -1;
                    }
                }
            }
        }
        catch (ObjectDisposedException)
        {
            return -1;
        }
    }

    /// <summary>Waits until more can be sent, or the connection has ended; false when it was so for too long.</summary>
    public static bool WaitToSend(SafeSocketHandle socket, int limitMilliseconds)
    {
        bool isHeld = false;
        try
        {
            socket.DangerousAddRef(ref isHeld);
            PollEntry entry = new() { Socket = (int)socket.DangerousGetHandle(), Events = PollOut };
            return Poll(&entry, 1, limitMilliseconds) != 0;
        }
        catch (ObjectDisposedException)
        {
            return true;
        }
        finally
        {
            if (isHeld)
            {
                socket.DangerousRelease();
            }
        }
    }

    [LibraryImport("libc", EntryPoint = "recv", SetLastError = true)]
    private static partial nint Receive(SafeSocketHandle socket, byte* buffer, nuint bytes, int flags);

    [LibraryImport("libc", EntryPoint = "poll", SetLastError = true)]
    private static partial int Poll(PollEntry* entries, nuint count, int milliseconds);

    [LibraryImport("libc", EntryPoint = "sendmsg", SetLastError = true)]
    private static partial nint SendMessage(SafeSocketHandle socket, Message* message, int flags);

    /// <summary>struct pollfd.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct PollEntry
    {
        public int Socket;
        public short Events;
        public short Happened;
    }

    /// <summary>struct iovec.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct Vector
    {
        public byte* Start;
        public nuint Bytes;
    }

    /// <summary>struct msghdr of 64-bit Linux.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct Message
    {
        public void* Name;
        public uint NameBytes;
        public Vector* Vectors;
        public nuint VectorCount;
        public void* Control;
        public nuint ControlBytes;
        public int Flags;
    }
}
