using System.Buffers.Binary;

namespace Skerry.Blocks.Tests.Nbd.Fuzz;

/// <summary>What a server sent in the transmission phase, held to the protocol: whatever was asked, the answers are in order.</summary>
internal static class Replies
{
    private static readonly HashSet<uint> Errors = [1, 5, 12, 22, 28, 75, 95, 108];

    /// <summary>
    /// The number of requests that were answered. Each reply belongs to a request that waited for one, is whole and well formed; only
    /// the last may be cut off, when the client was.
    /// </summary>
    public static int Judge(ReadOnlySpan<byte> replies, IReadOnlyDictionary<ulong, (ushort Command, uint LengthBytes)> asked, bool structured)
    {
        HashSet<ulong> answered = [];
        ulong within = 0;
        while (replies.Length >= 20 || (replies.Length >= 16 && BinaryPrimitives.ReadUInt32BigEndian(replies) == 0x67446698))
        {
            uint magic = BinaryPrimitives.ReadUInt32BigEndian(replies);
            ulong cookie = BinaryPrimitives.ReadUInt64BigEndian(replies[8..]);
            Assert.True(asked.TryGetValue(cookie, out var request), $"a reply has the cookie {cookie}, which no request had");
            Assert.DoesNotContain(cookie, answered);
            if (magic == 0x67446698)
            {
                Assert.Equal(0ul, within);
                uint error = BinaryPrimitives.ReadUInt32BigEndian(replies[4..]);
                Assert.True(error == 0 || Errors.Contains(error), $"a reply has the error {error}, which the protocol does not know");
                Assert.True(error != 0 || request.Command != RawClient.Read || !structured, "a read was answered by a simple reply, though structured ones were agreed");
                long bytes = 16 + (error == 0 && request.Command == RawClient.Read ? request.LengthBytes : 0L);
                if (bytes > replies.Length)
                {
                    break;
                }

                answered.Add(cookie);
                replies = replies[(int)bytes..];
                continue;
            }

            Assert.Equal(0x668e33efu, magic);
            Assert.True(structured, "a chunk came, though structured replies were not agreed");
            Assert.True(within == 0 || within == cookie, "the chunks of two replies are mixed");
            bool isLast = (replies[5] & 1) != 0;
            long wholeBytes = 20L + BinaryPrimitives.ReadUInt32BigEndian(replies[16..]);
            if (wholeBytes > replies.Length)
            {
                break;
            }

            within = isLast ? 0 : cookie;
            if (isLast)
            {
                answered.Add(cookie);
            }

            replies = replies[(int)wholeBytes..];
        }

        return answered.Count;
    }
}
