using Skerry.Blocks;

namespace Skerry.Movers.Native;

/// <summary>Reads past the end of a disk as zeroes: after a fork one copy may have grown and the other not.</summary>
internal static class DeviceReading
{
    public static async ValueTask ReadOrZeroesAsync(
        this IBlockDevice device, long offsetBytes, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        var there = (int)Math.Clamp(device.SizeBytes - offsetBytes, 0, buffer.Length);
        if (there > 0)
        {
            await device.ReadAsync(offsetBytes, buffer[..there], cancellationToken);
        }

        buffer[there..].Span.Clear();
    }
}
