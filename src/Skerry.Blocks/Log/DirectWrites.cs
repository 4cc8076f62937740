using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Skerry.Blocks.Log;

/// <summary>
/// Writes past the system's cache of pages (O_DIRECT), for what comes in large pieces and is not read soon: to find and fill a page for
/// each 4 KiB takes longer than all else that is done with them. Safe for concurrent use, one write at a time.
/// </summary>
/// <remarks>
/// The system sees to it that reads through the cache are told of it. What is written so is no more durable than what is written
/// otherwise. One file is held open for it, since the log is written from one end.
/// </remarks>
internal sealed unsafe partial class DirectWrites : IDisposable
{
    private const int StagingBytes = 1 << 20;
    private const int Alignment = Sizes.Block;
    private const int ReadWriteCloseOnExec = 2 | 0x80000;
    private const int InvalidArgument = 22;

    private readonly Lock _lock = new();
    private byte* _staging;
    private SafeFileHandle? _handle;
    private object? _owner;
    private bool _isOff;

    /// <summary>O_DIRECT; 0 where its value is not known here.</summary>
    private static int Flag => RuntimeInformation.ProcessArchitecture switch
    {
        Architecture.X64 => 0x4000,
        Architecture.Arm64 => 0x10000,
        _ => 0,
    };

    /// <summary>False, with nothing written that matters, where the file system cannot; whole blocks alone can be written so.</summary>
    public bool TryWrite(object owner, SafeFileHandle file, long offsetBytes, IReadOnlyList<ReadOnlyMemory<byte>> parts)
    {
        lock (_lock)
        {
            if (_isOff || offsetBytes % Alignment != 0 || (_owner != owner && !TryOpen(owner, file)))
            {
                return false;
            }

            try
            {
                Write(offsetBytes, parts);
                return true;
            }
            catch (IOException e) when (e.HResult == InvalidArgument)
            {
                // Some file systems open a file so and then decline.
                _isOff = true;
                return false;
            }
        }
    }

    /// <summary>The file is about to be closed.</summary>
    public void Forget(object owner)
    {
        lock (_lock)
        {
            if (_owner == owner)
            {
                _handle?.Dispose();
                (_owner, _handle) = (null, null);
            }
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            _handle?.Dispose();
            (_owner, _handle, _isOff) = (null, null, true);
            NativeMemory.AlignedFree(_staging);
            _staging = null;
        }
    }

    private bool TryOpen(object owner, SafeFileHandle file)
    {
        _handle?.Dispose();
        (_owner, _handle) = (null, null);
        if (Flag == 0)
        {
            _isOff = true;
            return false;
        }

        // The name may be another one by now; the file is the one that is open.
        var handle = open($"/proc/self/fd/{file.DangerousGetHandle()}", ReadWriteCloseOnExec | Flag);
        if (handle.IsInvalid)
        {
            handle.Dispose();
            _isOff = true;
            return false;
        }

        (_owner, _handle) = (owner, handle);
        if (_staging is null)
        {
            _staging = (byte*)NativeMemory.AlignedAlloc(StagingBytes, Alignment);
        }

        return true;
    }

    private void Write(long offsetBytes, IReadOnlyList<ReadOnlyMemory<byte>> parts)
    {
        var staging = new Span<byte>(_staging, StagingBytes);
        var staged = 0;
        foreach (var part in parts)
        {
            for (var rest = part.Span; rest.Length > 0;)
            {
                var now = Math.Min(rest.Length, StagingBytes - staged);
                rest[..now].CopyTo(staging[staged..]);
                rest = rest[now..];
                staged += now;
                if (staged == StagingBytes)
                {
                    RandomAccess.Write(_handle!, staging, offsetBytes);
                    (offsetBytes, staged) = (offsetBytes + staged, 0);
                }
            }
        }

        if (staged > 0)
        {
            RandomAccess.Write(_handle!, staging[..staged], offsetBytes);
        }
    }

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial SafeFileHandle open(string path, int flags);
}
