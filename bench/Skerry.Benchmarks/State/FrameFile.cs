using System.Buffers.Binary;

namespace Skerry.Benchmarks.State;

/// <summary>A file of byte strings, each after its length in four bytes.</summary>
internal static class FrameFile
{
    public static IEnumerable<ReadOnlyMemory<byte>> Read(string path)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 20);
        var head = new byte[4];
        while (file.ReadAtLeast(head, head.Length, throwOnEndOfStream: false) == head.Length)
        {
            var bytes = new byte[BinaryPrimitives.ReadInt32LittleEndian(head)];
            file.ReadExactly(bytes);
            yield return bytes;
        }
    }

    internal sealed class Writer(string path) : IDisposable
    {
        private readonly FileStream _file = new(path, FileMode.Create, FileAccess.Write, FileShare.None, 1 << 20);

        public void Write(ReadOnlySpan<byte> bytes)
        {
            Span<byte> head = stackalloc byte[4];
            BinaryPrimitives.WriteInt32LittleEndian(head, bytes.Length);
            _file.Write(head);
            _file.Write(bytes);
        }

        public void Dispose() => _file.Dispose();
    }
}
