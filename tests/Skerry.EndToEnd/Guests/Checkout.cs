namespace Skerry.EndToEnd.Guests;

/// <summary>The checkout that the tests run in; programs and the guests' kernel are in artifacts below it.</summary>
internal static class Checkout
{
    public static string PathOf(params string[] parts) => Path.Combine([Root(), .. parts]);

    private static string Root()
    {
        var directory = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(directory, "Skerry.slnx")))
        {
            directory = Path.GetDirectoryName(directory) ?? throw new InvalidOperationException("the tests run from within a checkout");
        }

        return directory;
    }
}
