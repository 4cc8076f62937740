using System.Globalization;

namespace Skerry.Benchmarks.Blocks;

/// <summary>
/// One core for servers and another for clients, so that a server's rate is its own and not a matter of who shares a core with whom.
/// On a machine with one core nothing is pinned.
/// </summary>
internal static class Cores
{
    private static readonly int[] Allowed = Read();

    public static (string Program, string[] Arguments) Server(string program, params string[] arguments) => Pinned(0, program, arguments);

    public static (string Program, string[] Arguments) Client(string program, params string[] arguments) => Pinned(1, program, arguments);

    private static (string Program, string[] Arguments) Pinned(int index, string program, string[] arguments) =>
        Allowed.Length < 2 ? (program, arguments) : ("taskset", ["-c", Allowed[index].ToString(CultureInfo.InvariantCulture), program, .. arguments]);

    /// <summary>As the kernel lists them for this process, such as <c>0-1,4</c>.</summary>
    private static int[] Read()
    {
        const string Key = "Cpus_allowed_list:";
        var line = File.ReadLines("/proc/self/status").First(l => l.StartsWith(Key, StringComparison.Ordinal));
        return
        [
            .. from part in line[Key.Length..].Trim().Split(',')
               let ends = part.Split('-').Select(n => int.Parse(n, CultureInfo.InvariantCulture)).ToArray()
               from core in Enumerable.Range(ends[0], ends[^1] - ends[0] + 1)
               select core,
        ];
    }
}
