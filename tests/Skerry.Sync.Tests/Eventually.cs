namespace Skerry.Sync.Tests;

internal static class Eventually
{
    public static async Task Holds(Func<bool> condition, string what, double seconds = 60)
    {
        var end = DateTime.UtcNow.AddSeconds(seconds);
        while (!condition())
        {
            if (DateTime.UtcNow > end)
            {
                Assert.Fail($"Not within {seconds} s: {what}");
            }

            await Task.Delay(5);
        }
    }

    public static Task AreEqual(params TestSite[] sites) => Holds(
        () => sites.All(s => s.Replica.Vector.Equals(sites[0].Replica.Vector))
            && sites.All(s => s.Replica.Digest().SequenceEqual(sites[0].Replica.Digest())),
        "the sites have equal vectors and digests");
}
