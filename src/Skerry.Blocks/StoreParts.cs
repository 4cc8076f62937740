using Skerry.Blocks.Encryption;
using Skerry.Blocks.Integrity;
using Skerry.Blocks.Log;

namespace Skerry.Blocks;

/// <summary>What the volumes of one store work with.</summary>
internal sealed record StoreParts(
    LogWriter Writer, BlockReader Reader, Flusher Flusher, StoreFault Fault, RequestPool Requests, TimeProvider Time, StoreKeys Keys, Healing Healing,
    Cleaner Cleaner)
{
    public static void RequireSize(long sizeBytes)
    {
        if (sizeBytes is <= 0 or > 1L << 50 || sizeBytes % 512 != 0)
        {
            throw new BlockException(BlockError.OutOfRange, $"a size of {sizeBytes} bytes cannot be: use a multiple of 512, up to 1 PiB");
        }
    }
}
