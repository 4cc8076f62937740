namespace Skerry.Blocks.Nbd;

/// <summary>What all connections of a server share.</summary>
internal sealed class ServerParts(NbdServerOptions options, INbdExports exports, TimeProvider time, NbdMetrics metrics)
{
    public NbdServerOptions Options => options;

    public INbdExports Exports => exports;

    public TimeProvider Time => time;

    public NbdMetrics Metrics => metrics;

    public SlabPool Slabs { get; } = new();

    public TlsServer? Tls { get; } = options.Tls is { } tls ? new TlsServer(tls) : null;

    public ByteBudget Budget { get; } = new(options.MaxBytesInFlightOfAll);

    public ExportSlots Slots { get; } = new(options.MaxConnectionsPerExport);
}
