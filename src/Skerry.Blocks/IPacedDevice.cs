namespace Skerry.Blocks;

/// <summary>A device whose writes somebody follows who may fall behind.</summary>
public interface IPacedDevice : IBlockDevice
{
    /// <summary>True while whoever follows would have writers slow down.</summary>
    bool IsPressed { get; }
}
