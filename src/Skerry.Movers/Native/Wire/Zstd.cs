using System.Runtime.InteropServices;

namespace Skerry.Movers.Native.Wire;

/// <summary>
/// The system's zstd library, one context for each direction; not safe for concurrent use. Source: the manual of the library's stable
/// interface, zstd.h, as of 1.4.
/// </summary>
internal sealed partial class Zstd : IDisposable
{
    private const string Library = "libzstd.so.1";

    private nint _packing;
    private nint _unpacking;

    /// <summary>False where the library is not installed: nothing is packed there, in either direction.</summary>
    public static bool IsThere { get; } = Find();

    /// <summary>The most bytes that packing so many can take.</summary>
    public static int Bound(int lengthBytes) => checked((int)CompressBound((nuint)lengthBytes));

    /// <returns>How many bytes of <paramref name="into"/> were filled; 0 when they are too few.</returns>
    public int Pack(ReadOnlySpan<byte> content, Span<byte> into, int level)
    {
        _packing = _packing != 0 ? _packing : Require(CreateCompressor());
        var length = Compress(
            _packing, ref MemoryMarshal.GetReference(into), (nuint)into.Length, ref MemoryMarshal.GetReference(content), (nuint)content.Length, level);
        return IsError(length) != 0 ? 0 : (int)length;
    }

    /// <summary>True when the packed bytes are whole and fill exactly <paramref name="into"/>.</summary>
    public bool TryUnpack(ReadOnlySpan<byte> packed, Span<byte> into)
    {
        _unpacking = _unpacking != 0 ? _unpacking : Require(CreateDecompressor());
        var length = Decompress(
            _unpacking, ref MemoryMarshal.GetReference(into), (nuint)into.Length, ref MemoryMarshal.GetReference(packed), (nuint)packed.Length);
        return IsError(length) == 0 && length == (nuint)into.Length;
    }

    public void Dispose()
    {
        _ = FreeCompressor(Interlocked.Exchange(ref _packing, 0));
        _ = FreeDecompressor(Interlocked.Exchange(ref _unpacking, 0));
    }

    private static bool Find()
    {
        // It stays loaded: the functions below are in it.
        return NativeLibrary.TryLoad(Library, out _);
    }

    private static nint Require(nint context) => context != 0 ? context : throw new InvalidOperationException("zstd found no memory for a context");

    [LibraryImport(Library, EntryPoint = "ZSTD_createCCtx")]
    private static partial nint CreateCompressor();

    [LibraryImport(Library, EntryPoint = "ZSTD_freeCCtx")]
    private static partial nuint FreeCompressor(nint context);

    [LibraryImport(Library, EntryPoint = "ZSTD_createDCtx")]
    private static partial nint CreateDecompressor();

    [LibraryImport(Library, EntryPoint = "ZSTD_freeDCtx")]
    private static partial nuint FreeDecompressor(nint context);

    [LibraryImport(Library, EntryPoint = "ZSTD_compressBound")]
    private static partial nuint CompressBound(nuint length);

    [LibraryImport(Library, EntryPoint = "ZSTD_isError")]
    private static partial uint IsError(nuint code);

    [LibraryImport(Library, EntryPoint = "ZSTD_compressCCtx")]
    private static partial nuint Compress(nint context, ref byte into, nuint intoLength, ref byte from, nuint fromLength, int level);

    [LibraryImport(Library, EntryPoint = "ZSTD_decompressDCtx")]
    private static partial nuint Decompress(nint context, ref byte into, nuint intoLength, ref byte from, nuint fromLength);
}
