namespace Skerry.Blocks.Nbd;

/// <summary>A metadata context that an export offers: its name, and how a client may ask for it.</summary>
/// <param name="Name">As the client names it.</param>
/// <param name="Bitmap">The bitmap that it shows; null for base:allocation.</param>
internal sealed record MetaContext(string Name, string? Bitmap)
{
    public const string BaseNamespace = "base:";
    public const string QemuNamespace = "qemu:";
    public const string BitmapPrefix = "qemu:dirty-bitmap:";

    /// <summary>A context that was selected, under the id that block status replies carry.</summary>
    internal readonly record struct Selected(uint Id, MetaContext Context);

    public static IEnumerable<MetaContext> Of(NbdExport export)
    {
        yield return new(BaseNamespace + "allocation", null);
        foreach (string bitmap in export.DirtyBitmaps?.Names ?? [])
        {
            yield return new(BitmapPrefix + bitmap, bitmap);
        }
    }

    /// <summary>A query selects by the whole name; a list may also ask for a namespace, or for all bitmaps.</summary>
    public bool Matches(string query, bool isList) =>
        query == Name
        || (isList && (Bitmap is null ? query == BaseNamespace : query is QemuNamespace or BitmapPrefix));
}
