using System.Security.Cryptography;

namespace Skerry.Movers.Native.Wire;

/// <summary>
/// The digest over all that a catch-up ships, which both ends must come to: nothing is missing, doubled or out of order.
/// Content and places are held against a frame's checksum before they become part of a copy; with <see cref="Features.SumDigest"/> the
/// digest takes the checksum in their stead, since hashing the content once more took as long as all else at either end.
/// </summary>
internal sealed class TransferDigest(bool isOfSums) : IDisposable
{
    private const int HeadBytes = 4 + 8;

    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

    /// <param name="kind">Blocks, Hole or Extents; of a packed frame, that of the one it stands for.</param>
    /// <param name="payload">What follows the kind there: the checksum, the first offset, and more.</param>
    public void Add(FrameKind kind, ReadOnlySpan<byte> payload)
    {
        if (isOfSums)
        {
            // Checksum and first offset; the length says how much the checksum speaks for.
            Span<byte> head = stackalloc byte[1 + HeadBytes + sizeof(int)];
            head[0] = (byte)kind;
            payload[..HeadBytes].CopyTo(head[1..]);
            System.Buffers.Binary.BinaryPrimitives.WriteInt32LittleEndian(head[(1 + HeadBytes)..], payload.Length);
            _hash.AppendData(head);
        }
        else
        {
            _hash.AppendData(payload);
        }
    }

    /// <summary>Of all so far, in hexadecimal; begins anew.</summary>
    public string Take() => Convert.ToHexStringLower(_hash.GetHashAndReset());

    public void Dispose() => _hash.Dispose();
}
