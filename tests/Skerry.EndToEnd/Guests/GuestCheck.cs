using System.Globalization;
using System.Text.RegularExpressions;

namespace Skerry.EndToEnd.Guests;

/// <summary>What a guest finds on a disk that another one has written, once the kernel and SQLite have replayed their journals.</summary>
internal static partial class GuestCheck
{
    /// <summary>
    /// Both file systems mount and check clean, SQLite finds both databases sound, each transaction is there wholly or not at all,
    /// and none is missing of those that had been reported as committed.
    /// </summary>
    public static async Task FindsAllAsync(
        this Guest guest, string disk, IReadOnlyDictionary<string, long> committed, string what, CancellationToken cancellationToken)
    {
        var console = await guest.RunAsync($"check {disk}", cancellationToken);
        foreach (var kind in new[] { "ext4", "xfs" })
        {
            var found = console.Select(line => Finding().Match(line)).SingleOrDefault(match => match.Success && match.Groups["kind"].Value == kind);
            var all = $"{what}, {kind}, of which {committed[kind]} transactions were reported as committed:\n{string.Join('\n', console)}";
            Assert.True(found is not null, $"no findings: {all}");
            Assert.True(found.Groups["integrity"].Value == "ok", $"the database is damaged: {all}");
            Assert.True(found.Groups["whole"].Value == "1", $"a transaction is there in part: {all}");
            Assert.True(found.Groups["fsck"].Value == "0", $"the file system is damaged: {all}");
            Assert.True(long.Parse(found.Groups["rows"].Value, CultureInfo.InvariantCulture) >= committed[kind], $"transactions are missing: {all}");
            TestContext.Current.TestOutputHelper!.WriteLine($"{what}, {kind}: {found.Groups["rows"].Value} transactions, {committed[kind]} reported");
        }
    }

    [GeneratedRegex(@"^checked \w+ (?<kind>\w+) mount=ok integrity=(?<integrity>\S+) rows=(?<rows>\d+) whole=(?<whole>\S+) fsck=(?<fsck>\d+)$")]
    private static partial Regex Finding();
}
