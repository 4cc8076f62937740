namespace Skerry.Blocks.Log;

/// <summary>
/// The first failure of the store's files. It stays: after a failed sync the kernel may have dropped what it could not write, so
/// nothing that comes later is acknowledged as if it had not happened. Opening the store again finds out what is there.
/// </summary>
internal sealed class StoreFault(string store)
{
    private volatile BlockException? _first;

    public bool IsSet => _first is not null;

    public BlockException Set(string action, Exception cause)
    {
        var fault = new BlockException(
            BlockError.Io,
            $"the block store {store} failed to {action}: {cause.Message}. It takes no more writes; check the disk, then open the store again",
            cause);
        return Interlocked.CompareExchange(ref _first, fault, null) ?? fault;
    }

    public void ThrowIfSet()
    {
        if (_first is { } first)
        {
            throw new BlockException(first.Error, first.Message, first);
        }
    }
}
